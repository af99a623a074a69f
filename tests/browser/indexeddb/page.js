// Runs in pages and workers: the package, conformance cases, and a comparison with the store in memory.

import * as omnikv from "omnikv";
import { ownTime, runCase } from "../../js/case.js";
import { copyThrough } from "../../js/copying.js";
import { runAll } from "../../js/world.js";
import { compare } from "./compare.js";

/** Copies random contents from memory to databases and back. Returns the first difference. */
const copy = async (seed) => {
  const urls = ["memory:", "indexeddb:copy-1", "indexeddb:copy-2", "memory:"];
  const stores = await Promise.all(urls.map((url) => omnikv.connect(url)));
  return copyThrough(omnikv.copyStore, stores, seed);
};

Object.assign(globalThis, { omnikv, compare, copy });

let databases = 0;

/** Runs conformance cases, given as JSON, each in a database of its own, and returns the failures. */
globalThis.runCases = async (cases) => {
  const world = () => ({ ...ownTime(`indexeddb:case-${++databases}`), isServer: true });
  const failures = await runAll(JSON.parse(cases), runCase, omnikv.connect, world);
  for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name);
  return failures;
};

/** The result of a request of IndexedDB, or of opening a database. */
globalThis.asked = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** What a call fails with. */
globalThis.failureOf = (call) =>
  call.then(
    () => "no failure",
    ({ code, message, maybeApplied, cause }) => ({ code, message, maybeApplied, cause: cause?.name }),
  );

globalThis.isReady = true;
