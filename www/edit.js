// The dialogs that change a key: its value or items, its name and its TTL. They never overwrite what somebody else has
// changed since it was shown. It must not show values itself.

import { ask } from "./ask.js";
import { escapedLines, named } from "./escapes.js";
import { quoted, textOf } from "./reply.js";
import { split } from "./words.js";

const AS_BYTES = { as: "bytes" };
/** Longer strings are not edited here. */
const LONGEST = 1_000_000;
const CHANGED = "Somebody else changed this in the meantime. Cancel to see the current value.";
const IN_QUOTES = " In quotes, as in the console: \\xff is a byte.";

/** Changes a string. */
export async function editString(kv, key) {
  if ((await kv.strlen(key)) > LONGEST) {
    await ask({ title: named(key), text: "This value is too long to be edited here.", submit: "OK" });
    return false;
  }
  const before = await kv.get(key, AS_BYTES);
  const field = fieldOf("Value", before, 8);
  return ask({
    title: `Edit ${named(key)}`,
    text: `Ctrl+Enter saves. The TTL stays.${field.help}`,
    fields: [field],
    submit: "Save",
    async does([text]) {
      if (!(await kv.compareAndSet(key, before, field.read(text), { keepTtl: true })))
        throw new Error(CHANGED);
    },
  });
}

/** Changes or removes an item of a collection: `[index, element]`, `[field, value]` or `[member]`. */
export function editItem(kv, key, type, item) {
  const names = { list: ["Element"], hash: ["Field", "Value"], set: ["Member"], zset: ["Member", "Score"] }[
    type
  ];
  const contents = item.map((content) => (typeof content === "number" ? String(content) : content));
  const fields = contents.slice(-names.length).map((content, nth) => fieldOf(names[nth], content));
  const { replace, remove } = ITEMS[type];
  return ask({
    title: type === "list" ? `Edit element ${item[0]} of ${named(key)}` : `Edit ${named(key)}`,
    text: fields
      .map(({ help }) => help)
      .find((help) => help !== "")
      ?.trim(),
    fields,
    submit: "Save",
    does: (texts) =>
      replace(
        kv,
        key,
        item,
        fields.map(({ read }, nth) => read(texts[nth])),
      ),
    also: { label: "Remove", does: () => remove(kv, key, item) },
  });
}

/** Adds an item to a collection. */
export function addItem(kv, key, type) {
  const title = `Add to ${named(key)}`;
  switch (type) {
    case "list":
      return ask({
        title,
        fields: [{ label: "Element" }],
        submit: "Add at the end",
        does: ([element]) => kv.rpush(key, element),
        also: { label: "Add at the start", does: ([element]) => kv.lpush(key, element) },
      });
    case "hash":
      return ask({
        title,
        fields: [{ label: "Field" }, { label: "Value" }],
        submit: "Add",
        async does([field, value]) {
          if (!(await kv.hsetnx(key, field, value))) throw new Error("The hash has this field already.");
        },
      });
    case "zset":
      return ask({
        title,
        fields: [{ label: "Member" }, { label: "Score" }],
        submit: "Add",
        async does([member, score]) {
          if (!(await kv.zadd(key, [[member, scoreOf(score)]], { nx: true })))
            throw new Error("The sorted set has this member already.");
        },
      });
    default:
      return ask({
        title,
        fields: [{ label: "Member" }],
        submit: "Add",
        async does([member]) {
          if (!(await kv.sadd(key, member))) throw new Error("The set has this member already.");
        },
      });
  }
}

/** Changes a key's deadline. */
export function editExpiry(kv, key, deadline) {
  const seconds = deadline > 0 ? String(Math.max(1, Math.round((deadline - Date.now()) / 1_000))) : "";
  return ask({
    title: `When ${named(key)} expires`,
    text: "Seconds from now, or a duration: 500ms, 5m, 2h, 7d.",
    fields: [{ label: "Expires in", value: seconds }],
    submit: "Save",
    async does([text]) {
      const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?\s*$/.exec(text) ?? [];
      if (!(Number(number) > 0)) throw new Error("Expects a time above 0, such as 60 or 5m.");
      if (!(await kv.expire(key, `${number}${unit ?? "s"}`))) throw new Error("The key is gone.");
    },
    also: { label: "Never expires", does: () => kv.persist(key) },
  });
}

/** Renames a key, unless the name is taken, and calls `renamed(to)`. */
export function rename(kv, key, renamed) {
  const field = fieldOf("Name", key);
  return ask({
    title: `Rename ${named(key)}`,
    text: field.help.trim(),
    fields: [field],
    submit: "Rename",
    async does([text]) {
      const to = textOf(field.read(text));
      if (to === undefined) throw new Error("A name has to be text.");
      if (to === key) return;
      if (!(await kv.renamenx(key, to))) throw new Error("Another key has this name.");
      renamed(to);
    },
  });
}

/** How to replace and remove an item. The new one is written first: an empty key is deleted, and its TTL with it. */
const ITEMS = {
  list: {
    async replace(kv, key, [index, element], [next]) {
      await checkElement(kv, key, index, element);
      await kv.lset(key, index, next);
    },
    async remove(kv, key, [index, element]) {
      await checkElement(kv, key, index, element);
      // LREM removes by value, so make the element unique first.
      const mark = crypto.getRandomValues(new Uint32Array(4)).join();
      await all(kv.multi().lset(key, index, mark).lrem(key, 1, mark));
    },
  },
  hash: {
    async replace(kv, key, [field, value], [nextField, nextValue]) {
      await checkField(kv, key, field, value);
      const isSame = isEqual(field, nextField);
      if (!isSame && (await kv.hexists(key, nextField))) throw new Error("The hash has this field already.");
      const batch = kv.multi().hset(key, [[nextField, nextValue]]);
      await all(isSame ? batch : batch.hdel(key, field));
    },
    async remove(kv, key, [field, value]) {
      await checkField(kv, key, field, value);
      await kv.hdel(key, field);
    },
  },
  zset: {
    async replace(kv, key, [member, score], [next, typed]) {
      const nextScore = scoreOf(typed);
      if ((await kv.zscore(key, member)) !== score) throw new Error(CHANGED);
      const isSame = isEqual(member, next);
      if (!isSame && (await kv.zscore(key, next)) !== null)
        throw new Error("The sorted set has this member already.");
      const batch = kv.multi().zadd(key, [[next, nextScore]]);
      await all(isSame ? batch : batch.zrem(key, member));
    },
    async remove(kv, key, [member]) {
      await kv.zrem(key, member);
    },
  },
  set: {
    async replace(kv, key, [member], [next]) {
      if (isEqual(member, next)) return;
      if (!(await kv.sismember(key, member))) throw new Error(CHANGED);
      if (await kv.sismember(key, next)) throw new Error("The set has this member already.");
      await all(kv.multi().sadd(key, next).srem(key, member));
    },
    async remove(kv, key, [member]) {
      await kv.srem(key, member);
    },
  },
};

/** A score that was typed. */
function scoreOf(text) {
  const score = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isNaN(score)) throw new Error("Expects a number as the score.");
  return score;
}

async function checkElement(kv, key, index, element) {
  if (!isEqual(element, await kv.lindex(key, index, AS_BYTES))) throw new Error(CHANGED);
}

async function checkField(kv, key, field, value) {
  if (!isEqual(value, await kv.hget(key, field, AS_BYTES))) throw new Error(CHANGED);
}

/** Runs a transaction, and throws the first error in it. */
async function all(batch) {
  const failed = (await batch.exec()).find((answer) => answer instanceof Error);
  if (failed) throw failed;
}

/** Whether two values, each text or bytes, are the same. */
const isEqual = (one, other) => one !== null && other !== null && quoted(one) === quoted(other);

/** A form field: plain text as it is; in quotes what is not UTF-8, or what a text area would change or hide. */
function fieldOf(label, content, rows = 1) {
  const text = textOf(content);
  if (text !== undefined && escapedLines(text) === text) {
    return { label, value: text, rows, help: "", read: (typed) => typed };
  }
  return { label, value: quoted(content), rows, help: IN_QUOTES, read: unquoted };
}

function unquoted(typed) {
  const words = split(typed);
  if (words.length !== 1) throw new Error('Expects one text in quotes, such as "a\\xff".');
  return words[0];
}
