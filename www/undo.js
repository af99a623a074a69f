// Keeps a deleted key for some seconds, with value and deadline, so that it can be restored. It must not touch the
// page, nor overwrite a new value.

const AS_BYTES = { as: "bytes" };
/** Larger values are not copied: bytes of a string, items of a collection. */
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

/** The deletion could not be undone. */
export class TooLarge extends Error {}

/**
 * Deletes a key and returns the argument for `restore`; `undefined` if the key did not exist. Throws `TooLarge`, and
 * deletes nothing, if the value is too large to keep, unless `isMeant`.
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
  // The key was removed, or changed its type, after its type was read.
  if (expireAt === -2 || held.some((answer) => answer instanceof Error)) return undefined;
  return { key, type, value: content(held), expireAt: expireAt < 0 ? null : expireAt };
}

/** Writes the key again, with its deadline. Returns `restored`, or `taken` if it has a new value, or `expired`. */
export async function restore(kv, entry) {
  if (await kv.exists(entry.key)) return "taken";
  return (await kv.load([entry])) === 1 ? "restored" : "expired";
}
