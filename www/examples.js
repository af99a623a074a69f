// The programs that the page offers: each is a file of its own. It must not know what they do.

/** What each is called, by the name of its file. */
export const EXAMPLES = {
  start: "Start here",
  session: "Session",
  views: "Page views",
  queue: "Task queue",
  "rate-limit": "Rate limit",
  otp: "One-time password",
  cache: "Cache",
};

/** The text of one. */
export async function exampleText(name) {
  const answer = await fetch(new URL(`./examples/${name}.js`, import.meta.url));
  if (!answer.ok) throw new Error(`The example cannot be loaded (${answer.status})`);
  return (await answer.text()).trimEnd();
}
