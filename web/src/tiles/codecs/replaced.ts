/** Stands in the build for the WebAssembly of numcodecs, which zarrita names but `decode.ts` has replaced. */

export default undefined;
