// The text of a program made into a function. As in a console, the value of the last expression is what it gives. It must
// not run anything.

const AsyncFunction = (async () => {}).constructor;
/** What stack traces call the program, and how many lines stand before its own. */
const NAME = "program.js";
const LINES_BEFORE = 2;
/** How many lines the last expression may have. */
const LONGEST = 60;

/** An asynchronous function of these names. Throws a `SyntaxError` when the text is no program. */
export function compile(source, ...names) {
  // In a block of its own, a program may call a variable of its own by one of the names.
  const whole = (text) => `"use strict"; {${text}\n}\n//# sourceURL=${NAME}`;
  const plain = new AsyncFunction(...names, whole(source));
  const answering = withReturn(source.trimEnd());
  return answering === undefined ? plain : new AsyncFunction(...names, whole(answering));
}

/** Which line of the program an error comes from, as far as its stack tells. */
export function lineOf(error) {
  const [, line] = new RegExp(`${NAME}:(\\d+)`).exec(error?.stack ?? "") ?? [];
  return line === undefined ? undefined : Number(line) - LINES_BEFORE;
}

/** The same program with `return` before its last expression; nothing when it ends with something else. */
function withReturn(source) {
  const lines = source.split("\n");
  for (let from = lines.length - 1; from >= Math.max(0, lines.length - LONGEST); from -= 1) {
    const head = lines.slice(0, from).join("\n");
    const tail = lines.slice(from).join("\n");
    if (!canBegin(tail, head)) continue;
    for (const text of [tail, tail.replace(/;\s*(\/\/[^\n]*)?$/, "")]) {
      // Each must be whole by itself: the body of a loop is not the end of a program.
      if (!isBody(`return (${text}\n)`) || !isBody(head)) continue;
      return `${head}${from === 0 ? "" : "\n"}return (${text}\n)`;
    }
  }
  return undefined;
}

/** Whether a statement can begin with these lines. */
function canBegin(tail, head) {
  // Functions and classes are declarations, which would not be known by their names if they were returned.
  if (/^\s*($|\/[/*]|(async\s+)?function\b|class\b)/.test(tail)) return false;
  // What begins with one of these goes on with the statement before, unless that has ended.
  return !/^\s*[([`+\-/*.,?:]/.test(tail) || /(^|[;}])\s*$/.test(head);
}

function isBody(text) {
  try {
    new AsyncFunction(text);
    return true;
  } catch {
    return false;
  }
}
