// Stores on a server whose time passes by moving its deadlines: converts the times in arguments and replies, like
// tests/support/moments.rs. Which server it is does not matter here.

/** The unit of the times in these replies, in milliseconds. */
const TOLD = { expiretime: 1000, pexpiretime: 1 };

/** A store, or a chain of its operations, with times of a clock that is ahead of the server's. */
export function inMovedTime(target, ahead) {
  // How to convert the replies of a chain, in order.
  const moves = [];
  // Records and what is built on them: their replies stay as they are.
  const unmoved = (family) =>
    new Proxy(family, {
      get(_, name) {
        if (typeof family[name] !== "function") return family[name];
        return (...given) => {
          const answer = family[name](...given);
          if (answer !== target) return answer;
          moves.push((reply) => reply);
          return proxy;
        };
      },
    });
  const proxy = new Proxy(target, {
    get(_, name) {
      const value = target[name];
      if (typeof value === "object" && value !== null) return unmoved(value);
      if (typeof value !== "function") return value;
      if (name === "pipeline" || name === "multi") return () => inMovedTime(target[name](), ahead);
      if (name === "exec") {
        return async () =>
          (await target.exec()).map((reply, index) => (reply instanceof Error ? reply : moves[index](reply)));
      }
      return (...given) => {
        const [method, words] = inServerTime(name, given, ahead());
        const move = (reply) => inOurTime(name, reply, ahead());
        const answer = target[method](...words);
        if (answer === target) {
          if (name !== "check") moves.push(move);
          return proxy;
        }
        return answer instanceof Promise ? answer.then(move) : answer;
      };
    },
  });
  return proxy;
}

function inServerTime(name, given, ahead) {
  if (name === "expireat" && Number.isInteger(given[1])) {
    return ["pexpireat", [given[0], given[1] * 1000 - ahead, ...given.slice(2)]];
  }
  if (name === "pexpireat" && Number.isInteger(given[1])) {
    return [name, [given[0], given[1] - ahead, ...given.slice(2)]];
  }
  // Ask for milliseconds, and round after the conversion.
  if (name === "expiretime") return ["pexpiretime", given];
  const options = given.at(-1);
  if (options !== null && typeof options === "object" && options.expireAt > 0) {
    return [name, [...given.slice(0, -1), { ...options, expireAt: Math.max(1, options.expireAt - ahead) }]];
  }
  return [name, given];
}

function inOurTime(name, reply, ahead) {
  const unit = TOLD[name];
  return unit === undefined || reply < 0 ? reply : Math.round((reply + ahead) / unit);
}
