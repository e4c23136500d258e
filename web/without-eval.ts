/**
 * Takes `new Function` out of the codecs.
 *
 * What joins their WebAssembly to JavaScript writes functions as text, which a strict Content-Security-Policy forbids.
 * The text is always the same but for the number of arguments, so a closure can do what it says.
 */

import type { Plugin } from "vite";

/** The emscripten function that makes functions of texts: a list of names of parameters, the text last. */
const MAKER = /function (\w+)\(a\) \{\s+var b = Function;[\s\S]*?return a instanceof Object \? a : c;\s+\}/;

/** The same for the one kind of text there is: convert the arguments, call, clean up, convert the result. */
const CLOSURE = `function $1(a) {
  const text = a[a.length - 1];
  return (...values) => {
    const of = Object.fromEntries(a.slice(0, -1).map((name, i) => [name, values[i]]));
    const listed = text.includes("runDestructors(destructors)");
    return function (...given) {
      const destructors = listed ? [] : null;
      const wired = given.map((one, i) => of["argType" + i].toWireType(destructors, one));
      const result = of.invoker(of.fn, ...wired);
      if (listed) of.runDestructors(destructors);
      else wired.forEach((one, i) => of["arg" + i + "Wired_dtor"]?.(one));
      return text.includes("return ret;") ? of.retType.fromWireType(result) : undefined;
    };
  };
}`;

export function withoutEval(): Plugin {
  return {
    name: "without-eval",
    transform(code, id) {
      if (!/numcodecs\/dist\/\w+\.js/.test(id) || !code.includes("var b = Function;")) return null;
      if (!MAKER.test(code)) throw new Error(`${id} makes functions of texts in a way that is not known here`);
      return { code: code.replace(MAKER, CLOSURE), map: null };
    },
  };
}
