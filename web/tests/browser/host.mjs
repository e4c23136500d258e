// Serves a folder as any web server does: whole files, and ranges of bytes. Nothing else is known to it.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { join, extname } from "node:path";
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
createServer((request, response) => {
  let data;
  const path = decodeURIComponent(new URL(request.url, "http://x").pathname);
  try { data = readFileSync(join(process.argv[2], path)); } catch { response.writeHead(404); return response.end(); }
  const head = { "content-type": types[extname(path)] ?? "application/octet-stream", "accept-ranges": "bytes" };
  const part = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
  if (!part) { response.writeHead(200, head); return response.end(data); }
  const start = part[1] ? Number(part[1]) : data.length - Number(part[2]);
  const stop = part[1] && part[2] ? Math.min(data.length, Number(part[2]) + 1) : data.length;
  response.writeHead(206, { ...head, "content-range": `bytes ${start}-${stop - 1}/${data.length}` });
  response.end(data.subarray(start, stop));
}).listen(0, "127.0.0.1", function () { console.log(this.address().port); });
