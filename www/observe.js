// A store that tells what is asked of it: for counting and for showing. It must not change what is asked or answered.

/** What is no operation. */
const QUIET = new Set(["close", "stats", "capabilities", "constructor", "then"]);

/** The same store; `seen(name, args, answer)` hears of each operation, of those in a batch when it runs. */
export function observe(store, seen) {
  return new Proxy(store, {
    get(target, name) {
      const method = target[name];
      if (typeof method !== "function") return method;
      return (...args) => {
        const answer = method.apply(target, args);
        if (name === "multi" || name === "pipeline") return observeChain(answer, seen);
        if (name === "withPrefix") return observe(answer, seen);
        if (typeof name === "string" && !QUIET.has(name)) seen(name, args, answer);
        return answer;
      };
    },
  });
}

function observeChain(chain, seen) {
  let calls = [];
  const observed = new Proxy(chain, {
    get(target, name) {
      const method = target[name];
      if (typeof method !== "function") return method;
      return (...args) => {
        const answer = method.apply(target, args);
        if (name !== "exec") {
          calls.push([name, args]);
          return observed;
        }
        calls.forEach(([called, given], index) =>
          seen(
            called,
            given,
            answer.then?.((all) => all[index]),
          ),
        );
        calls = [];
        return answer;
      };
    },
  });
  return observed;
}
