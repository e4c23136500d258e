/** The little of WebGL2 that the passes share: programs, targets, and what this machine can do. */

export class NoWebGL extends Error {
  constructor() {
    super("This browser cannot draw with WebGL2.");
    this.name = "NoWebGL";
  }
}

export function context(canvas: HTMLCanvasElement): WebGL2RenderingContext {
  const gl = canvas.getContext("webgl2", {
    alpha: false, antialias: false, depth: true, stencil: false, preserveDrawingBuffer: false,
    powerPreference: "high-performance",
  });
  if (!gl) throw new NoWebGL();
  return gl;
}

/** A linked program and where its uniforms are. Whether it is sound is asked when it is first used: the answer is waited for. */
export class Program {
  private readonly places = new Map<string, WebGLUniformLocation | null>();
  private readonly program: WebGLProgram;
  private checked = false;

  constructor(
    private readonly gl: WebGL2RenderingContext,
    vertex: string,
    fragment: string,
  ) {
    this.program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]] as const) {
      const shader = gl.createShader(kind)!;
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(this.program, shader);
      gl.deleteShader(shader);
    }
    gl.linkProgram(this.program);
  }

  private check(): void {
    const { gl } = this;
    if (!gl.getProgramParameter(this.program, gl.LINK_STATUS) && !gl.isContextLost()) {
      const logs = (gl.getAttachedShaders(this.program) ?? []).map((shader) => gl.getShaderInfoLog(shader));
      throw new Error(`a shader was refused: ${[gl.getProgramInfoLog(this.program), ...logs].join(" ")}`);
    }
  }

  use(): this {
    if (!this.checked) this.check();
    this.checked = true;
    this.gl.useProgram(this.program);
    return this;
  }

  at(name: string): WebGLUniformLocation | null {
    let place = this.places.get(name);
    if (place === undefined) {
      place = this.gl.getUniformLocation(this.program, name);
      this.places.set(name, place);
    }
    return place;
  }
}

/** A texture to draw into, with depth. */
export class Target {
  readonly framebuffer: WebGLFramebuffer;
  readonly texture: WebGLTexture;
  private readonly depth: WebGLRenderbuffer;
  width = 0;
  height = 0;

  constructor(
    private readonly gl: WebGL2RenderingContext,
    private readonly format: number,
  ) {
    this.framebuffer = gl.createFramebuffer();
    this.texture = gl.createTexture();
    this.depth = gl.createRenderbuffer();
  }

  /** Makes it so large, if it is not. */
  size(width: number, height: number): this {
    if (this.width === width && this.height === height) return this;
    const gl = this.gl;
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    const type = this.format === gl.RGBA16F ? gl.HALF_FLOAT : gl.UNSIGNED_BYTE;
    gl.texImage2D(gl.TEXTURE_2D, 0, this.format, width, height, 0, gl.RGBA, type, null);
    nearest(gl);
    gl.bindRenderbuffer(gl.RENDERBUFFER, this.depth);
    gl.renderbufferStorage(gl.RENDERBUFFER, gl.DEPTH_COMPONENT16, width, height);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.framebuffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, this.texture, 0);
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.DEPTH_ATTACHMENT, gl.RENDERBUFFER, this.depth);
    [this.width, this.height] = [width, height];
    return this;
  }

  free(): void {
    this.gl.deleteFramebuffer(this.framebuffer);
    this.gl.deleteTexture(this.texture);
    this.gl.deleteRenderbuffer(this.depth);
  }
}

/** Sets the bound texture to be read texel by texel. */
export function nearest(gl: WebGL2RenderingContext): void {
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
}

/** Sums of many channels in half floats where that can be drawn into, else in bytes. */
export function sumFormat(gl: WebGL2RenderingContext): number {
  const floats = gl.getExtension("EXT_color_buffer_float") ?? gl.getExtension("EXT_color_buffer_half_float");
  return floats ? gl.RGBA16F : gl.RGBA8;
}
