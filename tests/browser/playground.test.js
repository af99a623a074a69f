// The playground as people use it, in Chromium: typing, completion, programs, expiring keys, with the mouse and with
// the keyboard alone, dark and light, on a phone; and values of others displayed as text.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { atTheConsole } from "./playground/console.js";
import { editingKeys } from "./playground/edit.js";
import { inThisBrowser } from "./playground/kept.js";
import { amongTheKeys } from "./playground/keys.js";
import { onThePage } from "./playground/page.js";
import { withPrograms } from "./playground/program.js";
import { amongTheRecords } from "./playground/records.js";
import { atAServer } from "./playground/server.js";
import { amongTheTasks } from "./playground/tasks.js";
import { Visitor } from "./playground/visitor.js";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

describe("the playground", () => {
  let visitor;

  before(async () => {
    execFileSync(process.execPath, [path("../../pkg/scripts/www.js")]);
    visitor = await Visitor.at(path("../../www/"));
  });
  after(() => visitor?.close());

  beforeEach(() => visitor.visit());
  afterEach(async () => {
    await visitor.leave();
    assert.deepEqual(visitor.complaints, []);
  });

  const does = (what, test) => it(what, () => test(visitor));
  atAServer(does);
  inThisBrowser(does);
  atTheConsole(does);
  withPrograms(does);
  amongTheKeys(does);
  editingKeys(does);
  amongTheRecords(does);
  amongTheTasks(does);
  onThePage(does);
});
