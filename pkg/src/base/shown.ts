// What a console shows of an object, in Node and compatible runtimes; by default it would list the connection and the
// serializer's functions.

/** Sets what is shown of a class's instances after the class name. */
export function shown<C extends object>(prototype: C, facts: (instance: C) => string): void {
  Object.defineProperty(prototype, Symbol.for("nodejs.util.inspect.custom"), {
    value(this: C) {
      return `${this.constructor.name} { ${facts(this)} }`;
    },
  });
}
