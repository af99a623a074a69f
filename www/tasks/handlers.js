// What the page's workers can do. Which worker does it, and when, does not matter here.

/** The handlers by task name: what each does in words, and how. `crash` ends its worker. */
export const HANDLERS = {
  "send-mail": {
    says: "takes a second and a half, and succeeds",
    run: (signal) => pause(1_500, signal),
  },
  fail: {
    says: "fails after half a second, and is retried a minute later",
    async run(signal) {
      await pause(500, signal);
      throw new Error("the mail server refused it");
    },
  },
  hang: {
    says: "never ends: cancel it, give it a timeout, or crash its worker",
    run: () => new Promise(() => undefined),
  },
  crash: {
    says: "crashes its worker, and another takes it over",
    run(_, crash) {
      crash();
      return new Promise(() => undefined);
    },
  },
};

/** Waits; ends early when the attempt is over. */
const pause = (ms, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
