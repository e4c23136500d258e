// The image at ?source=ADDRESS in Viv, as its documentation shows it: all of the window, windows and colours
// as the image tells them, the view as the address tells it (?x=&y=&zoom=).
import { DETAIL_VIEW_ID, loadOmeZarr, PictureInPictureViewer } from "@hms-dbmi/viv";
import { createElement } from "react";
import { createRoot } from "react-dom/client";

const asked = new URLSearchParams(location.search);
const { data, metadata } = await loadOmeZarr(asked.get("source"), { type: "multiscales" });
const channels = metadata.omero.channels;

const contrastLimits = channels.map(({ window }) => [window.start, window.end]);
const colors = channels.map(({ color }) => [0, 2, 4].map((at) => Number.parseInt(color.slice(at, at + 2), 16)));
const channelsVisible = channels.map(() => true);
const root = createRoot(document.getElementById("root"));
const loaded = { loader: data, selections: channels.map((_, c) => ({ c })) };

/** Shows a view: the pixel in the middle, and pixels of the screen for one of the image. */
globalThis.setView = ({ x, y, zoom }) => root.render(createElement(PictureInPictureViewer, {
  ...loaded,
  contrastLimits,
  colors,
  channelsVisible,
  width: innerWidth,
  height: innerHeight,
  overviewOn: false,
  viewStates: [{ id: DETAIL_VIEW_ID, target: [x, y, 0], zoom: Math.log2(zoom) }],
}));
globalThis.setView(Object.fromEntries(["x", "y", "zoom"].map((name) => [name, Number(asked.get(name))])));
