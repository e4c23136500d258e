import { describe, expect, it } from "vitest";
import { mapping } from "../../src/ome/geometry";
import { ModelError } from "../../src/ome/model";
import { openImage, openRoot } from "../../src/ome/open";
import { type GetOptions, type Store, StoreError } from "../../src/store/contracts";
import { values, Watched } from "../fixtures";
import { MemoryStore } from "../memory";

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

function store(documents: Record<string, unknown>): Watched {
  return new Watched(new Map(Object.entries(documents).map(([key, value]) => [key, bytes(value)])));
}

const zarray = (shape: number[], dtype = "<u2"): unknown => ({
  zarr_format: 2, shape, chunks: shape.map((size) => Math.min(size, 64)), dtype, compressor: null, fill_value: 0,
  order: "C", filters: null,
});

const array3 = (shape: number[], data_type = "uint16"): unknown => ({
  zarr_format: 3, node_type: "array", shape, data_type, fill_value: 0, attributes: {},
  chunk_grid: { name: "regular", configuration: { chunk_shape: shape.map((size) => Math.min(size, 64)) } },
  chunk_key_encoding: { name: "default" }, codecs: [{ name: "bytes", configuration: { endian: "little" } }],
});

const group3 = (ome: unknown): unknown => ({ zarr_format: 3, node_type: "group", attributes: { ome } });

const axes = (names: string): unknown[] => [...names].map((name) => ({ name, type: name === "c" ? "channel" : name === "t" ? "time" : "space" }));
const scaled = (path: string, scale: number[], translation?: number[]): unknown => ({
  path, coordinateTransformations: [{ type: "scale", scale }, ...(translation ? [{ type: "translation", translation }] : [])],
});

describe("opening what zarrscope wrote", () => {
  it.each([["sharded.ome.zarr", ["zarr.json", "2/zarr.json", "0/zarr.json"]], ["plain.ome.zarr", ["zarr.json", ".zattrs", "2/.zarray", "0/.zarray"]]])(
    "asks little of %s", async (name, keys) => {
      const watched = new Watched(values(name));
      const root = await openRoot(watched);
      if (root.kind !== "image") throw new Error(root.kind);
      expect(watched.keys).toEqual(keys);
      const { image } = root;
      expect(image.axes.map((axis) => [axis.name, axis.type, axis.unit])).toEqual([
        ["c", "channel", undefined], ["z", "space", "micrometer"], ["y", "space", "micrometer"], ["x", "space", "micrometer"],
      ]);
      expect(image.levels.map((level) => level.scale)).toEqual([[1, 1.5, 0.5, 0.25], [1, 1.5, 0.5, 0.5], [1, 1.5, 1, 1]]);
      expect(image.levels[0]!.info).toMatchObject({ shape: [2, 6, 40, 52], chunks: [1, 3, 16, 16], dtype: "uint16", fill: 0 });
      expect(image.channels[0]).toEqual({ label: "one", color: "00FF00", window: { start: 0, end: 200, min: 0, max: 255 }, active: true });
      expect(image.channels[1]!.label).toBe("two");
      expect(image.rgb).toBe(false);
      expect(await image.labels()).toEqual([]);
      expect(await image.levels[2]!.load()).toMatchObject({ shape: [2, 6, 20, 13] });
      expect(image.levels[2]!.load()).toBe(image.levels[2]!.load());
    },
  );

  it("finds chunks and shards", async () => {
    const sharded = await openImage(new Watched(values("sharded.ome.zarr")));
    expect(sharded.levels[0]!.info!.shards).toEqual({ shape: [2, 6, 48, 64], indexLocation: "end", indexChecked: true });
    expect(sharded.levels[0]!.info!.keyOf([0, 1, 0, 2])).toBe("0/c/0/1/0/2");
    const plain = await openImage(new Watched(values("plain.ome.zarr")));
    expect(plain.levels[0]!.info!.keyOf([0, 1, 0, 2])).toBe("0/0/1/0/2");
  });
});

describe("versions", () => {
  it("of five axes without names lie by their shapes", async () => {
    const multiscales = [{ version: "0.1", datasets: [{ path: "0" }, { path: "1" }, { path: "2" }] }];
    const watched = store({
      "x/.zattrs": { multiscales }, "x/0/.zarray": zarray([1, 2, 3, 101, 60]), "x/1/.zarray": zarray([1, 2, 3, 51, 30]),
      "x/2/.zarray": zarray([1, 2, 3, 25, 15]),
    });
    const image = await openImage(watched, "x");
    expect(image.axes.map((axis) => axis.name).join("")).toBe("tczyx");
    expect(image.levels.map((level) => level.scale)).toEqual([[1, 1, 1, 1, 1], [1, 1, 1, 2, 2], [1, 1, 1, 4, 4]]);
    expect([1, 2].map((level) => mapping(image, level, 3))).toEqual([{ factor: 2, offset: 0 }, { factor: 4, offset: 0 }]);
    expect(image.channels.length).toBe(2);
    expect([image.name, image.version]).toEqual(["x", "0.1"]);
    expect(image.levels[0]!.info!.keyOf([0, 1, 2, 0, 0])).toBe("x/0/0.1.2.0.0");
  });

  it("0.3 names its axes", async () => {
    const multiscales = [{ version: "0.3", axes: ["c", "y", "x"], datasets: [{ path: "a" }] }];
    const image = await openImage(store({ ".zattrs": { multiscales }, "a/.zarray": zarray([3, 9, 9], "|u1") }));
    expect(image.axes).toEqual([{ name: "c", type: "channel" }, { name: "y", type: "space" }, { name: "x", type: "space" }]);
  });

  it("0.4 composes what is said of all levels", async () => {
    const multiscales = [{
      version: "0.4", axes: axes("yx"), datasets: [scaled("0", [2, 3], [10, 20]), scaled("1", [4, 6])],
      coordinateTransformations: [{ type: "scale", scale: [0.5, 2] }, { type: "translation", translation: [1, 1] }],
    }];
    const image = await openImage(store({ ".zattrs": { multiscales }, "0/.zarray": zarray([9, 9]) }));
    expect(image.levels.map((level) => [level.scale, level.translation])).toEqual([[[1, 6], [6, 41]], [[2, 12], [1, 1]]]);
  });

  it("0.6 takes the system that the levels lead to", async () => {
    const step = (path: string, scale: number[], translation: number[]): unknown => ({
      path,
      coordinateTransformations: [{
        type: "sequence", input: { path }, output: { name: "world" },
        transformations: [{ type: "scale", scale }, { type: "translation", translation }],
      }],
    });
    const multiscales = [{
      coordinateSystems: [{ name: "other", axes: axes("xy") }, { name: "world", axes: axes("yx") }],
      datasets: [step("0", [0.5, 0.5], [0, 0]), step("1", [1, 1], [0.25, 0.25])],
    }];
    const image = await openImage(store({ "zarr.json": group3({ version: "0.6", multiscales }), "0/zarr.json": array3([8, 9]) }));
    expect(image.axes.map((axis) => axis.name)).toEqual(["y", "x"]);
    expect(image.levels[1]).toMatchObject({ scale: [1, 1], translation: [0.25, 0.25] });
    expect(mapping(image, 1, 0)).toEqual({ factor: 2, offset: 0 });
    expect(image.notes).toEqual([]);
  });

  it("0.6 shows what it cannot place, and says so", async () => {
    const rotated = { path: "0", coordinateTransformations: [{ type: "rotation", rotation: [[0, 1], [1, 0]], input: { path: "0" }, output: { name: "w" } }] };
    const multiscales = [{ coordinateSystems: [{ name: "w", axes: axes("yx") }], datasets: [rotated] }];
    const image = await openImage(store({ "zarr.json": group3({ version: "0.6", multiscales }), "0/zarr.json": array3([8, 9]) }));
    expect(image.levels[0]!.scale).toEqual([1, 1]);
    expect(image.notes![0]).toContain("level 0 is placed by more than");
  });

  it("read documents that come along", async () => {
    const ome = { version: "0.5", multiscales: [{ axes: axes("yx"), datasets: [scaled("0", [1, 1]), scaled("1", [2, 2])] }] };
    const below = { kind: "inline", must_understand: false, metadata: { 0: array3([80, 90]), 1: array3([40, 45]) } };
    const watched = store({ "p/zarr.json": { ...(group3(ome) as object), consolidated_metadata: below } });
    const image = await openImage(watched, "p");
    expect((await image.levels[1]!.load()).shape).toEqual([40, 45]);
    expect(watched.keys).toEqual(["p/zarr.json"]);
  });
});

describe("channels", () => {
  const opened = async (omero: unknown, dtype = "|u1", count = 3): Promise<Awaited<ReturnType<typeof openImage>>> => {
    const multiscales = [{ version: "0.4", axes: axes("cyx"), datasets: [scaled("0", [1, 1, 1])] }];
    return openImage(store({ ".zattrs": { multiscales, omero }, "0/.zarray": zarray([count, 9, 9], dtype) }));
  };
  const coloured = (...colors: string[]): unknown => ({ channels: colors.map((color) => ({ color })) });

  it("are as many as the axis is long", async () => {
    const image = await opened({ channels: [{ label: "a", color: "#123456", window: { start: 0 }, active: false }, null] }, "|u1", 4);
    const unknown = { label: "", active: true };
    expect(image.channels).toEqual([{ label: "a", active: false }, unknown, unknown, unknown]);
    expect((await opened(undefined)).channels).toEqual([unknown, unknown, unknown]);
    expect((await opened(coloured("FF0000", "00FF00", "0000FF", "FFFFFF"), "|u1", 2)).channels.length).toBe(2);
  });

  it("are one picture where they are red, green and blue", async () => {
    expect((await opened(coloured("ff0000", "00FF00", "0000FF"))).rgb).toBe(true);
    expect((await opened({ channels: [{ label: "Red" }, { label: "g" }, { label: "BLUE" }] })).rgb).toBe(true);
    expect((await opened(coloured("FF0000", "00FF00", "0000FF"), "<u2")).rgb).toBe(false);
    expect((await opened(coloured("0000FF", "00FF00", "FF0000"))).rgb).toBe(false);
    expect((await opened(undefined)).rgb).toBe(false);
  });

  it("come with planes to begin with", async () => {
    expect((await opened({ rdefs: { defaultZ: 4, defaultT: 0 } })).defaults).toEqual({ z: 4, t: 0 });
    expect((await opened({ rdefs: { defaultZ: "4", defaultT: -1 } })).defaults).toEqual({});
  });
});

describe("labels", () => {
  const multiscales = [{ version: "0.4", axes: axes("yx"), datasets: [scaled("0", [1, 1])] }];

  it("are found, and asked for only then", async () => {
    const watched = store({ "a/.zattrs": { multiscales }, "a/0/.zarray": zarray([9, 9]), "a/labels/.zattrs": { labels: ["cells", "deep/er"] } });
    const image = await openImage(watched, "a");
    const before = watched.keys.length;
    expect(await image.labels()).toEqual(["a/labels/cells", "a/labels/deep/er"]);
    await image.labels();
    expect(watched.keys.slice(before)).toEqual(["a/labels/.zattrs"]);
  });

  it.each([{ version: "0.5", labels: ["cells"] }, undefined])("of Zarr 3 may stand beside ome", async (ome) => {
    const group = { zarr_format: 3, node_type: "group", attributes: ome ? { ome } : { labels: ["cells"] } };
    const image = group3({ version: "0.5", multiscales: [{ axes: axes("yx"), datasets: [scaled("0", [1, 1])] }] });
    const opened = await openImage(store({ "zarr.json": image, "0/zarr.json": array3([9, 9]), "labels/zarr.json": group }));
    expect(await opened.labels()).toEqual(["labels/cells"]);
  });

  it("have colours and properties", async () => {
    const label = {
      colors: [{ "label-value": 1, rgba: [1, 2, 3, 4] }, { "label-value": 2, rgba: [1, 2, 300, 4] }, { "label-value": 1, rgba: [9, 9, 9, 9] }, { rgba: [0, 0, 0, 0] }],
      properties: [{ "label-value": 7, area: 12, "<b>": "x" }],
    };
    const image = await openImage(store({ ".zattrs": { multiscales, "image-label": label }, "0/.zarray": zarray([9, 9], "<i4") }));
    expect(image.kind).toBe("label");
    expect([...image.colors]).toEqual([[1, [9, 9, 9, 9]]]);
    expect([...image.properties]).toEqual([[7, { area: 12, "<b>": "x" }]]);
  });
});

describe("what is no single image", () => {
  const image = { multiscales: [{ version: "0.4", axes: axes("yx"), datasets: [scaled("0", [1, 1])] }] };

  it("may be a list of series", async () => {
    const root = { "bioformats2raw.layout": 3 };
    const listed = await openRoot(store({ ".zattrs": root, "OME/.zattrs": { series: ["0", "b"] } }));
    expect(listed).toMatchObject({ kind: "collection", series: [{ path: "0", name: "0" }, { path: "b", name: "b" }] });
    const counted = await openRoot(store({ "c/.zattrs": root, "c/0/.zattrs": image, "c/1/.zattrs": image }), "c");
    expect(counted).toMatchObject({ kind: "collection", series: [{ path: "c/0" }, { path: "c/1" }] });
  });

  it("has the names that the OME-XML gives", async () => {
    const xml = `<?xml version="1.0"?><OME><Image ID="Image:0" Name="a &lt;b&gt; &#956;&#x6d; &co;"><Pixels/></Image><ome:Image ID='Image:1' Name='c "d"'/></OME>`;
    const root = await openRoot(store({ ".zattrs": { "bioformats2raw.layout": 3 }, "OME/.zattrs": { series: ["0", "1", "2"] }, "OME/METADATA.ome.xml": xml }));
    expect(root).toMatchObject({ series: [{ name: "a <b> \u03bcm &co;" }, { name: 'c "d"' }, { name: "2" }] });
  });

  it("may be a plate or a well to choose from, and a well opens with its first field", async () => {
    const plate = await openRoot(store({ ".zattrs": { plate: { wells: [{ path: "B/2" }, { path: "B/3" }] } } }));
    expect(plate).toMatchObject({ kind: "plate", title: "Plate of 2 wells", series: [{ path: "B/2", name: "B/2" }, { path: "B/3" }] });
    const well = { images: [{ path: "f1" }] };
    expect(await openRoot(store({ "B/2/.zattrs": { well } }), "B/2")).toMatchObject({ title: "Well of 1 field", series: [{ path: "B/2/f1", name: "f1" }] });
    const stored = store({ "B/2/.zattrs": { well }, "B/2/f1/.zattrs": image, "B/2/f1/0/.zarray": zarray([5, 6]) });
    expect((await openImage(stored, "B/2")).path).toBe("B/2/f1");
    const endless = store({ "zarr.json": group3({ version: "0.5", well: { images: [{ path: "." }] } }) });
    await expect(openImage(endless)).rejects.toThrow(/a well of 1 field; open/);
  });

  it("is told as what it is", async () => {
    const told = async (documents: Record<string, unknown>): Promise<ModelError> => {
      const error: unknown = await openImage(store(documents)).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ModelError);
      return error as ModelError;
    };
    expect(await told({})).toMatchObject({ reason: "absent", message: expect.stringContaining("nothing is here") as unknown });
    expect((await told({ ".zarray": zarray([9]) })).message).toContain("open the group above");
    expect((await told({ "zarr.json": array3([9]) })).message).toContain("open the group above");
    expect((await told({ ".zgroup": { zarr_format: 2 } })).message).toContain(".zattrs is absent");
    expect((await told({ "zarr.json": "<!doctype html>" })).message).toContain("no JSON document");
    expect((await told({ "zarr.json": group3({}) })).reason).toBe("not-an-image");
    expect((await told({ ".zattrs": image })).message).toMatch(/names this level, but there is no .zarray/);
    expect((await told({ ".zattrs": image, "0/.zarray": zarray([9, 9, 9]) })).message).toMatch(/axes y, x.*3 dimensions/);
    expect((await told({ ".zattrs": image, "0/.zarray": zarray([9, 9], "<c8") })).message).toContain('"<c8"');
    expect((await told({ ".zattrs": { multiscales: [{ axes: axes("yx"), datasets: [] }] } })).message).toContain("names no level");
    const huge = { ...(zarray([60_000, 60_000]) as object), chunks: [60_000, 60_000] };
    expect((await told({ ".zattrs": image, "0/.zarray": huge })).message).toContain("one chunk is 6.7 GiB");
  });

  it("may hide what is absent behind 403", async () => {
    const inner = store({ ".zattrs": image, "0/.zarray": zarray([9, 9]) });
    const hiding: Store = {
      url: (key) => inner.url(key),
      get: async (key: string, options?: GetOptions) => {
        const found = await inner.get(key, options);
        if (!found) throw new StoreError("forbidden", key, "403", 403);
        return found;
      },
    };
    const opened = await openImage(hiding);
    expect(await opened.labels()).toEqual([]);
  });
});

describe("images without a plane", () => {
  const document = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  function stored(axes: string[], shape: number[], shards?: number[]): MemoryStore {
    const named = axes.map((name) => ({ name, type: name === "c" ? "channel" : "space", ...(name !== "c" && { unit: "micrometer" }) }));
    const datasets = [{ path: "0", coordinateTransformations: [{ type: "scale", scale: axes.map((name) => (name === "c" ? 1 : 0.5)) }] }];
    const chunk = shape.map((size, axis) => (axes[axis] === "c" ? 1 : Math.max(1, size / 2)));
    const bytes = [{ name: "bytes" }];
    const codecs = shards ? [{ name: "sharding_indexed", configuration: { chunk_shape: chunk, codecs: bytes, index_codecs: [{ name: "bytes", configuration: { endian: "little" } }] } }] : bytes;
    return new MemoryStore(new Map([
      ["zarr.json", document({ zarr_format: 3, node_type: "group", attributes: { ome: { version: "0.5", multiscales: [{ axes: named, datasets }] } } })],
      ["0/zarr.json", document({
        zarr_format: 3, node_type: "array", shape, data_type: "uint8", fill_value: 0, codecs,
        chunk_grid: { name: "regular", configuration: { chunk_shape: shards ?? chunk } }, chunk_key_encoding: { name: "default" },
      })],
    ]));
  }

  it("are one row, whose keys are those of the one axis", async () => {
    const image = await openImage(stored(["x"], [100]));
    const { info, scale } = image.levels[0]!;
    expect(image.axes.map(({ name, unit, added }) => [name, unit, added])).toEqual([["row", "micrometer", true], ["x", "micrometer", undefined]]);
    expect([info!.shape, info!.chunks, scale]).toEqual([[1, 100], [1, 50], [0.5, 0.5]]);
    expect([info!.keyOf([0, 1]), info!.document["shape"]]).toEqual(["0/c/1", [50]]);
  });

  it("are a row for each channel, also in shards, and whatever the axis is called", async () => {
    const image = await openImage(stored(["c", "y"], [2, 100], [1, 100]));
    const { info } = image.levels[0]!;
    expect(image.axes.map(({ name }) => name)).toEqual(["c", "row", "y"]);
    expect([image.channels.length, info!.shape, info!.chunks, info!.shards!.shape]).toEqual([2, [2, 1, 100], [1, 1, 50], [1, 1, 100]]);
    expect(info!.keyOf([1, 0, 0])).toBe("0/c/1/0");
  });

  it("are one pixel where there are only channels", async () => {
    const image = await openImage(stored(["c"], [2]));
    expect([image.axes.map(({ name }) => name), image.levels[0]!.info!.shape]).toEqual([["c", "row", "column"], [2, 1, 1]]);
    expect(image.levels[0]!.info!.keyOf([1, 0, 0])).toBe("0/c/1");
  });

  it("are refused where an axis has no length", async () => {
    await expect(openImage(stored(["y", "x"], [0, 100]))).rejects.toMatchObject({ reason: "empty", message: expect.stringContaining("no pixels (its shape is 0 × 100)") as string });
  });
});
