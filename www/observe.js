// A store that reports its operations, for counting and display. It changes neither calls nor answers.

/** Methods that are not operations. */
const QUIET = new Set(["close", "stats", "capabilities", "constructor", "then"]);

/**
 * Wraps a store; calls `seen(name, args, answer)` for each operation, and for those of a batch when it runs. Operations of a
 * family have its name too: `records.put`.
 */
export function observe(store, seen, family = "") {
  return new Proxy(store, {
    get(target, name) {
      const member = target[name];
      if (typeof member === "object" && member !== null) return observe(member, seen, `${family}${name}.`);
      if (typeof member !== "function") return member;
      return (...args) => {
        const answer = member.apply(target, args);
        if (name === "multi" || name === "pipeline") return observeChain(answer, seen);
        if (name === "withPrefix") return observe(answer, seen);
        if (typeof name === "string" && !QUIET.has(name)) seen(family + name, args, answer);
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
