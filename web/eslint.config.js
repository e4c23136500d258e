import tseslint from "typescript-eslint";

// The rooms, from the lowest up: each may import only those before it. As in the Python half of the house.
// That nothing imports in a circle is held by tests/imports.test.ts.
const ROOMS = ["store", "ome", "tiles", "scene", "render", "ui"];

const rooms = ROOMS.slice(0, -1).map((room, level) => ({
  files: [`src/${room}/**`],
  rules: {
    "no-restricted-imports": ["error", {
      patterns: ROOMS.slice(level + 1).map((above) => ({
        group: [`**/${above}/*`], message: `${room} stands below ${above}; imports only point down`,
      })),
    }],
  },
}));

export default tseslint.config(
  { ignores: ["node_modules"] },
  ...tseslint.configs.strict,
  {
    rules: {
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
  ...rooms,
  { files: ["tests/**"], rules: { "max-lines-per-function": "off" } },
);
