/** The shaders: one rectangle a tile; every fragment fetches the one texel that it lies on. */

/** How texels of a texture are read: whole numbers with and without sign, and floats. */
export type Sampler = "usampler2D" | "isampler2D" | "sampler2D";

/** A rectangle in device pixels from the top left, at a depth. */
export const RECTANGLE = `#version 300 es
uniform vec4 u_rect;
uniform vec2 u_canvas;
uniform float u_depth;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  vec2 at = mix(u_rect.xy, u_rect.zw, corner) / u_canvas * 2.0 - 1.0;
  gl_Position = vec4(at.x, -at.y, u_depth, 1.0);
}`;

const HEAD = `#version 300 es
precision highp float;
precision highp int;
`;

/** Steps come in two parts, of which the products with the coarse one are exact: rounding moves no pixel. */
const TEXEL = `
uniform vec2 u_canvas;
uniform ivec2 u_first;
uniform ivec2 u_start;
uniform vec2 u_fraction;
uniform vec2 u_coarse;
uniform vec2 u_fine;
uniform ivec2 u_size;
out vec4 color;
ivec2 texel() {
  vec2 k = vec2(ivec2(int(gl_FragCoord.x), int(u_canvas.y) - 1 - int(gl_FragCoord.y)) - u_first);
  vec2 most = k * u_coarse;
  vec2 whole = floor(most);
  ivec2 at = u_start + ivec2(whole) + ivec2(floor((most - whole) + (k * u_fine + u_fraction)));
  return clamp(at, ivec2(0), u_size - 1);
}
`;

/** Distance from the whole number below the window, exact for all 32-bit integers. */
const DISTANCE: Record<Sampler, string> = {
  usampler2D: `
uniform highp uint u_base;
float above(uint v) { return v >= u_base ? float(v - u_base) : -float(u_base - v); }`,
  isampler2D: `
uniform highp int u_base;
float above(int v) { return v >= u_base ? float(uint(v) - uint(u_base)) : -float(uint(u_base) - uint(v)); }`,
  sampler2D: `
uniform float u_base;
float above(float v) { return v - u_base; }`,
};

/** Values to colours: window, gamma, then a colour or a map. */
export function imageShader(sampler: Sampler): string {
  return `${HEAD}precision highp ${sampler};
uniform ${sampler} u_tile;
uniform vec2 u_window;
uniform float u_gamma;
uniform vec3 u_color;
uniform float u_weight;
uniform float u_alpha;
uniform bool u_mapped;
uniform sampler2D u_map;
${DISTANCE[sampler]}${TEXEL}
void main() {
  float t = (above(texelFetch(u_tile, texel(), 0).r) - u_window.x) / (u_window.y - u_window.x);
  t = t > 0.0 ? pow(min(t, 1.0), u_gamma) : 0.0;
  vec3 shown = u_mapped ? texelFetch(u_map, ivec2(int(floor(t * 255.0 + 0.5)), 0), 0).rgb : t * u_color;
  color = vec4(shown * u_weight, u_alpha);
}`;
}

const ID: Record<Sampler, string> = {
  usampler2D: "uint id_of(uvec4 v) { return v.r; }",
  isampler2D: "uint id_of(ivec4 v) { return uint(v.r); }",
  sampler2D: "uint id_of(vec4 v) { return uint(int(v.r)); }",
};

/** Ids to colours by the formula of scene/labels.ts, unless a table says otherwise; outlines look at four neighbours. */
export function labelShader(sampler: Sampler): string {
  return `${HEAD}precision highp ${sampler};
precision highp usampler2D;
uniform ${sampler} u_tile;
uniform ${sampler} u_left;
uniform ${sampler} u_right;
uniform ${sampler} u_up;
uniform ${sampler} u_down;
uniform ivec4 u_reach;
uniform bool u_outline;
uniform float u_opacity;
uniform int u_exceptions;
uniform usampler2D u_ids;
uniform sampler2D u_colors;
${TEXEL}
${ID[sampler]}
vec3 hue(float h, float s, float v) {
  vec3 k = mod(vec3(5.0, 3.0, 1.0) + h * 6.0, 6.0);
  return v - v * s * max(vec3(0.0), min(min(k, 4.0 - k), vec3(1.0)));
}
ivec2 entry(int i) { return ivec2(i & 1023, i >> 10); }
vec4 paint(uint id) {
  int low = 0, high = u_exceptions - 1;
  while (low <= high) {
    int middle = (low + high) >> 1;
    uint found = texelFetch(u_ids, entry(middle), 0).r;
    if (found == id) return texelFetch(u_colors, entry(middle), 0);
    if (found < id) low = middle + 1; else high = middle - 1;
  }
  uint h = id * 0x9E3779B1u;
  float s = 0.55 + 0.4 * float((h >> 8) & 255u) / 255.0;
  return vec4(hue(float(h >> 16) / 65536.0, s, 1.0 - 0.3 * float(h & 255u) / 255.0), 1.0);
}
bool edge(ivec2 p, uint id) {
  uint l = p.x > 0 ? id_of(texelFetch(u_tile, p - ivec2(1, 0), 0))
    : u_reach.x > 0 ? id_of(texelFetch(u_left, ivec2(u_reach.x - 1, p.y), 0)) : id;
  uint r = p.x < u_size.x - 1 ? id_of(texelFetch(u_tile, p + ivec2(1, 0), 0))
    : u_reach.y > 0 ? id_of(texelFetch(u_right, ivec2(0, p.y), 0)) : id;
  uint u = p.y > 0 ? id_of(texelFetch(u_tile, p - ivec2(0, 1), 0))
    : u_reach.z > 0 ? id_of(texelFetch(u_up, ivec2(p.x, u_reach.z - 1), 0)) : id;
  uint d = p.y < u_size.y - 1 ? id_of(texelFetch(u_tile, p + ivec2(0, 1), 0))
    : u_reach.w > 0 ? id_of(texelFetch(u_down, ivec2(p.x, 0), 0)) : id;
  return l != id || r != id || u != id || d != id;
}
void main() {
  ivec2 p = texel();
  uint id = id_of(texelFetch(u_tile, p, 0));
  vec4 own = paint(id);
  float alpha = id == 0u || (u_outline && !edge(p, id)) ? 0.0 : own.a * u_opacity;
  color = vec4(own.rgb, alpha);
}`;
}

/** One colour; in stripes for places that could not be read, with gaps through which the other layers are seen. */
export const PLAIN = `${HEAD}
uniform vec4 u_color;
uniform bool u_striped;
out vec4 color;
void main() {
  if (u_striped && mod(gl_FragCoord.x + gl_FragCoord.y, 16.0) < 12.0) discard;
  color = u_color;
}`;

/** The sum of all layers, cut off at full brightness, over what lies around the image. */
export const RESOLVE = `${HEAD}
precision highp sampler2D;
uniform sampler2D u_sum;
uniform vec3 u_background;
out vec4 color;
void main() {
  vec4 sum = texelFetch(u_sum, ivec2(gl_FragCoord.xy), 0);
  color = vec4(mix(u_background, clamp(sum.rgb, 0.0, 1.0), clamp(sum.a, 0.0, 1.0)), 1.0);
}`;
