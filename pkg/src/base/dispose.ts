/// <reference lib="esnext.disposable" preserve="true" />
// The symbols of `using`, also where the engine does not have them yet: compilers that translate `using` look for these.

export const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("Symbol.dispose");
export const asyncDispose: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");
