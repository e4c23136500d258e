// The image at ?source=ADDRESS in Viv, as its documentation shows it: all of the window, windows and colours
// as the image tells them, the view as the address tells it (?x=&y=&zoom=).
import { DETAIL_VIEW_ID, loadOmeZarr, PictureInPictureViewer } from "@hms-dbmi/viv";
import { createElement } from "react";
import { createRoot } from "react-dom/client";

const asked = new URLSearchParams(location.search);
const { data, metadata } = await loadOmeZarr(asked.get("source"), { type: "multiscales" });
const channels = metadata.omero.channels;

createRoot(document.getElementById("root")).render(createElement(PictureInPictureViewer, {
  loader: data,
  selections: channels.map((_, c) => ({ c })),
  contrastLimits: channels.map(({ window }) => [window.start, window.end]),
  colors: channels.map(({ color }) => [0, 2, 4].map((at) => Number.parseInt(color.slice(at, at + 2), 16))),
  channelsVisible: channels.map(() => true),
  width: innerWidth,
  height: innerHeight,
  overviewOn: false,
  viewStates: [{
    id: DETAIL_VIEW_ID,
    target: [Number(asked.get("x")), Number(asked.get("y")), 0],
    zoom: Math.log2(Number(asked.get("zoom"))),
  }],
}));
