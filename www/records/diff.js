// Which lines of two texts the other one does not have.

/** Longer texts are not compared: the work grows with the product of their lines. */
const MOST_LINES = 600;

/** The lines of both texts, in order: `{ text, isOwn }`, `isOwn` if the other text lacks the line there. */
export function compared(one, other) {
  const [a, b] = [one.split("\n"), other.split("\n")];
  if (Math.max(a.length, b.length) > MOST_LINES) return [a, b].map((lines) => lines.map(shared));
  // common[i][j]: how many lines a[i..] and b[j..] have in common, in order.
  const common = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      common[i][j] = a[i] === b[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  const [left, right] = [[], []];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      left.push(shared(a[i++]));
      right.push(shared(b[j++]));
    } else if (j >= b.length || (i < a.length && common[i + 1][j] >= common[i][j + 1])) {
      left.push({ text: a[i++], isOwn: true });
    } else right.push({ text: b[j++], isOwn: true });
  }
  return [left, right];
}

const shared = (text) => ({ text, isOwn: false });
