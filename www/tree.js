// Arranges keys as a tree by the prefixes before their colons, as lines of a list. It must not touch the page.

/** Larger groups are closed at first, unless the caller says otherwise. */
const MOST_OPEN = 50;

/**
 * The lines for sorted keys: a key, or a group of at least two keys with the same prefix. `from` is the length of the parent
 * group's prefix. `chosen` holds the groups that the user has opened (true) or closed (false).
 *
 * @param {Map<string, boolean>} chosen
 * @returns {({ key: string, depth: number, from: number }
 *   | { prefix: string, count: number, isOpen: boolean, depth: number, from: number })[]}
 */
export function treeOf(keys, chosen, mostOpen = MOST_OPEN) {
  const lines = [];
  const isOpen = (prefix, count) => chosen.get(prefix) ?? count <= mostOpen;
  addLines(lines, keys, { first: 0, last: keys.length, depth: 0, from: 0 }, isOpen);
  return lines;
}

/** Identifies a line when the list changes. */
export const idOf = ({ key, prefix }) => (key === undefined ? `group ${prefix}` : `key ${key}`);

function addLines(lines, keys, { first, last, depth, from }, opens) {
  let at = first;
  while (at < last) {
    const key = keys[at];
    const colon = key.indexOf(":", from);
    const end = colon < 0 ? at + 1 : endOf(keys, at, last, key.slice(0, colon + 1));
    if (end - at < 2) {
      lines.push({ key, depth, from });
    } else {
      const prefix = shared(key, keys[end - 1]);
      const count = end - at;
      const isOpen = opens(prefix, count);
      lines.push({ prefix, count, isOpen, depth, from });
      if (isOpen) {
        addLines(lines, keys, { first: at, last: end, depth: depth + 1, from: prefix.length }, opens);
      }
    }
    at = end;
  }
}

/** The end of the run of keys with this prefix. */
function endOf(keys, first, last, prefix) {
  let [low, high] = [first + 1, last];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle].startsWith(prefix)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The longest prefix of a group that ends with a colon: what its first and last key share. */
function shared(one, other) {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return one.slice(0, one.lastIndexOf(":", length - 1) + 1);
}
