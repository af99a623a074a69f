/// <reference lib="esnext.disposable" preserve="true" />
// The symbols of `using`, also for engines that lack them: compilers that translate `using` look for these.

export const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("Symbol.dispose");
export const asyncDispose: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");
