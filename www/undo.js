// What was deleted by hand, kept for some seconds so that it can be brought back: its content and its deadline. It must not
// touch the page, nor write over what has come in its place.

const AS_BYTES = { as: "bytes" };
/** What is larger is not copied: bytes of a string, items of a collection. */
const MOST = { string: 4_000_000, list: 20_000, hash: 20_000, set: 20_000 };

const KINDS = {
  string: { size: "strlen", read: (batch, key) => batch.get(key, AS_BYTES), content: ([text]) => text },
  list: {
    size: "llen",
    read: (batch, key) => batch.lrange(key, 0, -1, AS_BYTES),
    content: ([items]) => items,
  },
  hash: {
    size: "hlen",
    read: (batch, key) => batch.hkeys(key, AS_BYTES).hvals(key, AS_BYTES),
    content: ([fields, values]) => fields.map((field, index) => [field, values[index]]),
  },
  set: {
    size: "scard",
    read: (batch, key) => batch.smembers(key, AS_BYTES),
    content: ([members]) => members,
  },
};

/** A deletion that would be for good. */
export class TooLarge extends Error {}

/**
 * Deletes a key and gives what `restore` takes; nothing when the key was gone already. Throws `TooLarge`, and deletes nothing,
 * when there is too much to keep, unless it `isMeant`.
 */
export async function remove(kv, key, isMeant) {
  const type = await kv.type(key);
  if (type === "none") return undefined;
  const { size, read, content } = KINDS[type];
  if ((await kv[size](key)) > MOST[type]) {
    if (!isMeant) throw new TooLarge();
    await kv.del(key);
    return undefined;
  }
  const [expireAt, ...held] = await read(kv.multi().pexpiretime(key), key).del(key).exec();
  // It has gone, or become another type, since it was asked for its type.
  if (expireAt === -2 || held.some((answer) => answer instanceof Error)) return undefined;
  return { key, type, value: content(held), expireAt: expireAt < 0 ? null : expireAt };
}

/** Writes it again, with its deadline: `restored`, or why not: `taken` by another value, or `expired` meanwhile. */
export async function restore(kv, entry) {
  if (await kv.exists(entry.key)) return "taken";
  return (await kv.load([entry])) === 1 ? "restored" : "expired";
}
