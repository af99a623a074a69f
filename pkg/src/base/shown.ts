// What a console shows of an object, in Node and what follows it: without this it would list the connection and the functions of
// the serializer.

/** Says what is shown of the instances of a class behind the class's name. */
export function shown<C extends object>(prototype: C, facts: (instance: C) => string): void {
  Object.defineProperty(prototype, Symbol.for("nodejs.util.inspect.custom"), {
    value(this: C) {
      return `${this.constructor.name} { ${facts(this)} }`;
    },
  });
}
