import { describe, expect, it } from "vitest";
import { fitted, inOneLine } from "../../src/scene/fitted";
import { History } from "../../src/scene/history";
import { changeLabel, changeLayer, emptyState, fromHash, parseState, toDocument, toHash } from "../../src/scene/state";
import { makeImage } from "./images";

describe("the state", () => {
  it("writes only what differs from what is usual", () => {
    expect(toDocument(emptyState())).toEqual({ v: 1 });
    const state = { ...emptyState(), blending: "max" as const, dims: { z: 3 } };
    expect(toDocument(state)).toEqual({ v: 1, blending: "max", dims: { z: 3 } });
  });

  it("comes back from an address as it went", () => {
    const document = {
      v: 1, source: "data/a b/", series: "1", dims: { z: 3, t: 0 }, view: { y: 1.5, x: -2, zoom: 0.25 }, layout: "ortho",
      layers: [{ channel: 2, visible: false, color: "ff8000", window: [-1, 2.5], gamma: 0.5, opacity: 0.3 }],
      blending: "over", labels: [{ path: "labels/é", outline: true }], panel: "checks", minimap: false, scaleBar: false, future: { a: 1 },
    };
    const { state, notes } = parseState(document);
    expect(notes).toEqual([]);
    expect(fromHash(toHash(state))).toEqual({ state, notes: [] });
    expect(toDocument(state)).toEqual(document);
  });

  it("keeps what it does not know, and tells and leaves out what is wrong", () => {
    const { state, notes } = parseState({
      v: 1, dims: { z: "a", t: 2 }, view: { y: 0, x: 0, zoom: -1 }, layout: "cube", blending: 3, later: [1],
      layers: [{ channel: -1 }, { channel: 0, window: [5, 1], gamma: 1e9, visible: "yes" }], labels: "none",
    });
    expect(state.dims).toEqual({ t: 2 });
    expect(state.view).toBeUndefined();
    expect([state.layout, state.blending]).toEqual(["plane", "add"]);
    expect(state.layers).toEqual([{ channel: 0 }]);
    expect(state.labels).toEqual([]);
    expect(state.extra).toEqual({ later: [1] });
    for (const key of ["z", "zoom", "layout", "blending", "channel", "window", "gamma", "visible", "labels"]) {
      expect(notes.some((note) => note.includes(`"${key}"`)), key).toBe(true);
    }
  });

  it.each([
    [{ layers: [{ channel: 0, window: [5] }] }, "window"], [{ layers: [{ channel: 0, window: [5, 5] }] }, "window"],
    [{ layers: [{ channel: 0, window: [0, 1e300] }] }, "window"], [{ layers: [{ channel: 0, window: "0,5" }] }, "window"],
    [{ layers: [{ channel: 0, color: "red-ish" }] }, "color"], [{ layers: [{ channel: 0.5 }] }, "channel"],
    [{ dims: { z: 1.5 } }, "z"], [{ dims: { z: -1 } }, "z"], [{ dims: { z: "3" } }, "z"], [{ dims: { z: null } }, "z"],
    [{ view: { y: 1, x: null, zoom: 1 } }, "x"], [{ view: { y: 1, x: 1, zoom: 0 } }, "zoom"], [{ source: 3 }, "source"],
  ])("leaves out %j, and names it", (document, key) => {
    const { state, notes } = parseState({ v: 1, ...document });
    expect(notes.some((note) => note.includes(`"${key}"`)), notes.join()).toBe(true);
    expect(state.layers.every((layer) => Object.keys(layer).join() === "channel")).toBe(true);
    expect([state.dims, state.view, state.source]).toEqual([{}, undefined, undefined]);
  });

  it("reads numbers that JSON makes infinite", () => {
    const { state, notes } = fromHash(`#${encodeURIComponent('{"v":1,"dims":{"z":1e999},"view":{"y":1e999,"x":0,"zoom":1}}')}`);
    expect([state.dims, state.view, notes.length]).toEqual([{}, undefined, 2]);
  });

  it("is held against the image", () => {
    const image = makeImage({ axes: "czyx", shape: [2, 10, 64, 48] });
    const { state } = parseState({
      v: 1, dims: { z: 99, y: 3, q: 1 }, view: { y: 1e9, x: 5, zoom: 1e4 }, layers: [{ channel: 1, gamma: 2 }, { channel: 7 }, { channel: 2 }],
    });
    const { parts, notes } = fitted(image, state);
    expect(parts).toEqual({ dims: { z: 9, y: 3 }, layers: [{ channel: 1, gamma: 2 }], view: { y: 64, x: 5, zoom: 256 } });
    expect(inOneLine(notes)).toBe(
      'Not all of the link could be used: "z" ends at 9, not at 99; there is no axis "q"; there is no channel 7, 2 (counted from 0); ' +
      "the view lay beside the image, or too close.");
    expect(fitted(image, { ...state, ...parts, view: parts.view! })).toEqual({ parts, notes: [] });
  });

  it.each(["#%7B", "#[]", "#null", "#3", "#%E0%A4%A", "#{\"v\":2}"])("reads any address: %s", (hash) => {
    expect(fromHash(hash).notes.length).toBeGreaterThan(0);
  });

  it("takes colours with and without #", () => {
    expect(parseState({ v: 1, layers: [{ channel: 0, color: "#00ff00" }] }).state.layers[0]!.color).toBe("00ff00");
  });

  it("joins changes by channel and by path", () => {
    let state = emptyState();
    state = { ...state, layers: changeLayer(state, 1, { gamma: 2 }) };
    state = { ...state, layers: changeLayer(state, 0, { visible: false }) };
    state = { ...state, layers: changeLayer(state, 1, { opacity: 0.5 }) };
    expect(state.layers).toEqual([{ channel: 0, visible: false }, { channel: 1, gamma: 2, opacity: 0.5 }]);
    state = { ...state, labels: changeLabel(state, "a", { outline: true }) };
    expect(changeLabel(state, "a", { opacity: 1 })).toEqual([{ path: "a", outline: true, opacity: 1 }]);
  });
});

describe("undo and redo", () => {
  function made() {
    let now = 0;
    const history = new History(emptyState(), () => now);
    return { history, wait: (ms: number) => (now += ms) };
  }

  it("goes back and forth, and forgets what was undone once something else is done", () => {
    const { history } = made();
    history.set({ dims: { z: 1 } });
    history.set({ dims: { z: 2 } });
    history.undo();
    expect(history.state.dims).toEqual({ z: 1 });
    history.redo();
    expect(history.state.dims).toEqual({ z: 2 });
    history.undo();
    history.set({ blending: "max" });
    expect(history.canRedo).toBe(false);
    history.undo();
    history.undo();
    expect(history.state).toEqual(emptyState());
    expect(history.canUndo).toBe(false);
    history.undo();
  });

  it("takes a drag as one step, unless it pauses or ends", () => {
    const { history, wait } = made();
    for (let z = 1; z <= 10; z++) {
      history.set({ dims: { z } }, { gesture: "slide" });
      wait(50);
    }
    history.endGesture();
    history.set({ dims: { z: 11 } }, { gesture: "slide" });
    wait(5000);
    history.set({ dims: { z: 12 } }, { gesture: "slide" });
    history.undo();
    expect(history.state.dims).toEqual({ z: 11 });
    history.undo();
    expect(history.state.dims).toEqual({ z: 10 });
    history.undo();
    expect(history.state.dims).toEqual({});
  });

  it("tells who listens, but not of what changes nothing", () => {
    const { history } = made();
    let told = 0;
    const stop = history.subscribe(() => told++);
    history.set({ dims: { z: 1 } });
    history.set({ dims: { z: 1 } });
    history.set({ panel: "none" }, { silent: true });
    expect(told).toBe(2);
    history.undo();
    expect(history.state).toEqual(emptyState());
    stop();
    history.redo();
    expect(told).toBe(3);
  });

  it("takes a key out", () => {
    const { history } = made();
    history.set({ view: { y: 1, x: 1, zoom: 1 } });
    history.set({ view: undefined });
    expect("view" in history.state).toBe(false);
  });
});
