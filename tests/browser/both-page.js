// Runs in the page: the tests for both hosts, one by one.

import { subjects } from "../both/index.js";

/** Runs a test and returns its error, if it failed. */
globalThis.runTest = (subject, name) =>
  Promise.resolve()
    .then(() => subjects[subject][name]())
    .then(
      () => undefined,
      (error) => `${error.message}\n${error.stack}`,
    );

globalThis.isReady = true;
