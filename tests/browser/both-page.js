// What runs in the page: the tests that run in both hosts, one by one.

import { subjects } from "../both/index.js";

/** Runs a test and gives how it failed, if it did. */
globalThis.runTest = (subject, name) =>
  Promise.resolve()
    .then(() => subjects[subject][name]())
    .then(
      () => undefined,
      (error) => `${error.message}\n${error.stack}`,
    );

globalThis.isReady = true;
