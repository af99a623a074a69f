// Syntax highlighting for JavaScript: comments, strings, numbers, keywords. Not a parser: a few patterns.

import { make } from "./page.js";

const TOKENS =
  /(?<comment>\/\/.*|\/\*[^]*?\*\/)|(?<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|(?<word>\b(?:async|await|break|catch|class|const|continue|else|false|finally|for|function|if|in|instanceof|let|new|null|of|return|throw|true|try|typeof|undefined|while)\b)|(?<number>\b\d[\d_]*\b)|(?<call>\bkv(?:\.\w+)+)/g;

/** The source as a list of nodes; their concatenated text is the source. */
export function highlighted(source) {
  const nodes = [];
  let at = 0;
  for (const match of source.matchAll(TOKENS)) {
    const kind = Object.entries(match.groups).find(([, text]) => text !== undefined)[0];
    nodes.push(source.slice(at, match.index), make("span", { class: `js-${kind}` }, match[0]));
    at = match.index + match[0].length;
  }
  nodes.push(source.slice(at));
  return nodes;
}
