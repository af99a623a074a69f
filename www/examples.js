// The page's example programs, each in its own file. What they do does not matter here.

/** The text of the example with this file name. */
export async function exampleText(name) {
  const answer = await fetch(new URL(`./examples/${name}.js`, import.meta.url));
  if (!answer.ok) throw new Error(`The example cannot be loaded (${answer.status})`);
  return (await answer.text()).trimEnd();
}
