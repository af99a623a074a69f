// The dialog that adds a key. It reads no keys.

import { named } from "./escapes.js";
import { announce, byId } from "./page.js";
import { errorText } from "./reply.js";

const HINTS = {
  string: "The value, as it is.",
  list: "One element a line.",
  hash: "One field a line: name=value.",
  set: "One member a line.",
  zset: "One member a line: name=score.",
};

/** Sets up the dialog; calls `added(key)` after writing. */
export function addDialog(kv, added) {
  const dialog = byId("add-dialog");
  const form = byId("add-form");
  const fields = form.elements;
  const showHint = () => {
    byId("add-hint").textContent = HINTS[fields.type.value];
  };
  byId("add").addEventListener("click", () => {
    form.reset();
    byId("add-error").textContent = "";
    showHint();
    dialog.showModal();
  });
  byId("add-cancel").addEventListener("click", () => dialog.close());
  fields.type.addEventListener("change", showHint);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const key = fields.key.value;
    try {
      await write(kv, key, fields.type.value, fields.value.value, Number(fields.ttl.value));
      dialog.close();
      announce(`Added ${named(key)}`);
      added(key);
    } catch (error) {
      byId("add-error").textContent = errorText(error);
    }
  });
}

/** Writes the key atomically: others see it as a whole, with its deadline. */
async function write(kv, key, type, text, ttl) {
  const lines = text.split("\n").filter((line) => line !== "");
  if (type !== "string" && lines.length === 0) throw new Error("write at least one line");
  const batch = kv.multi().del(key);
  if (type === "string") batch.set(key, text);
  else if (type === "list") batch.rpush(key, lines);
  else if (type === "set") batch.sadd(key, lines);
  else if (type === "zset") batch.zadd(key, lines.map(scoredOf));
  else batch.hset(key, lines.map(fieldOf));
  if (ttl > 0) batch.pexpire(key, Math.round(ttl * 1_000));
  const failed = (await batch.exec()).find((answer) => answer instanceof Error);
  if (failed) throw failed;
}

function scoredOf(line) {
  const at = line.lastIndexOf("=");
  if (at < 0 || line.slice(at + 1).trim() === "") throw new Error(`a member needs "=" and a score`);
  return [line.slice(0, at), Number(line.slice(at + 1))];
}

function fieldOf(line) {
  const at = line.indexOf("=");
  if (at < 1) throw new Error(`a field needs a name and "="`);
  return [line.slice(0, at), line.slice(at + 1)];
}
