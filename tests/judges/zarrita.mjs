// Asks zarrita what it reads through a server: a JSON list of addresses of arrays comes in, one answer an array goes out.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as zarr from "../../web/node_modules/zarrita/dist/src/index.js";

const answers = {};
for (const url of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    const array = await zarr.open.v3(new zarr.FetchStore(url), { kind: "array" });
    const { data, shape } = await zarr.get(array);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    answers[url] = { shape, dtype: array.dtype, sha256: createHash("sha256").update(bytes).digest("hex") };
  } catch (error) {
    answers[url] = { error: String(error) };
  }
}
process.stdout.write(JSON.stringify(answers));
