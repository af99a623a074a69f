// The programs that the page offers: each is a file of its own. It must not know what they do.

/** The text of the one in a file of this name. */
export async function exampleText(name) {
  const answer = await fetch(new URL(`./examples/${name}.js`, import.meta.url));
  if (!answer.ok) throw new Error(`The example cannot be loaded (${answer.status})`);
  return (await answer.text()).trimEnd();
}
