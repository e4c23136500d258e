import imports from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

// The rooms, from the lowest up: each may import only those before it. As in the Python half of the house.
const ROOMS = ["store", "ome", "tiles", "scene", "render", "ui"];

const zones = ROOMS.map((room, level) => ({
  target: `./src/${room}`,
  from: ROOMS.slice(level + 1).map((above) => `./src/${above}`),
  message: `${room} stands below; imports only point down`,
})).filter((zone) => zone.from.length > 0);

export default tseslint.config(
  { ignores: ["node_modules"] },
  ...tseslint.configs.strict,
  {
    plugins: { "import-x": imports },
    settings: { "import-x/resolver-next": [imports.createNodeResolver({ extensions: [".ts", ".js"] })] },
    rules: {
      "import-x/no-restricted-paths": ["error", { zones }],
      "import-x/no-cycle": "error",
      "@typescript-eslint/no-non-null-assertion": "off",
      "max-lines": ["error", { max: 400 }],
      "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true }],
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "metadata is text and never markup: use textContent" },
        { property: "outerHTML", message: "metadata is text and never markup: use textContent" },
        { property: "insertAdjacentHTML", message: "metadata is text and never markup: use textContent" },
      ],
    },
  },
  { files: ["tests/**"], rules: { "max-lines-per-function": "off" } },
);
