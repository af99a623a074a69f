// Compiles a program's text into a function that returns the value of its last expression, as a console does. It must not
// run anything.

const AsyncFunction = (async () => {}).constructor;
/** The program's name in stack traces, and how many lines the function adds before its first. */
const NAME = "program.js";
const LINES_BEFORE = 2;
/** The most lines that the last expression may have. */
const LONGEST = 60;

/** Creates an asynchronous function with these parameters. Throws a `SyntaxError` if the text is not a program. */
export function compile(source, ...names) {
  // The block lets a program declare variables with the names of the parameters.
  const whole = (text) => `"use strict"; {${text}\n}\n//# sourceURL=${NAME}`;
  const plain = new AsyncFunction(...names, whole(source));
  const answering = withReturn(source.trimEnd());
  return answering === undefined ? plain : new AsyncFunction(...names, whole(answering));
}

/** The line of the program where an error was thrown, if its stack shows it. */
export function lineOf(error) {
  const [, line] = new RegExp(`${NAME}:(\\d+)`).exec(error?.stack ?? "") ?? [];
  return line === undefined ? undefined : Number(line) - LINES_BEFORE;
}

/** The program with `return` before its last expression; `undefined` if it ends with something else. */
function withReturn(source) {
  const lines = source.split("\n");
  for (let from = lines.length - 1; from >= Math.max(0, lines.length - LONGEST); from -= 1) {
    const head = lines.slice(0, from).join("\n");
    const tail = lines.slice(from).join("\n");
    if (!canBegin(tail, head)) continue;
    for (const text of [tail, tail.replace(/;\s*(\/\/[^\n]*)?$/, "")]) {
      // Both parts must parse on their own: the body of a loop is not a last expression.
      if (!isBody(`return (${text}\n)`) || !isBody(head)) continue;
      return `${head}${from === 0 ? "" : "\n"}return (${text}\n)`;
    }
  }
  return undefined;
}

/** Whether a statement can begin with these lines. */
function canBegin(tail, head) {
  // Returned, a function or class would be an expression, and its name unknown to the rest of the program.
  if (/^\s*($|\/[/*]|(async\s+)?function\b|class\b)/.test(tail)) return false;
  // These continue the previous statement, unless it has ended.
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
