// What `omnikv serve` says when it begins.

/** What there is to say. */
export interface Facts {
  readonly url: string;
  readonly store: string;
  /** Only one that nobody has chosen. */
  readonly token: string | undefined;
}

/** The text, in colours or without. */
export function banner({ url, store, token }: Facts, version: string, isColourful: boolean): string {
  const paint = (code: number) => (text: string) => (isColourful ? `\x1b[${code}m${text}\x1b[0m` : text);
  const [bold, dim, cyan] = [paint(1), paint(2), paint(36)];
  const secret = token === undefined ? [] : [`  UPSTASH_REDIS_REST_TOKEN="${cyan(token)}"`];
  return [
    "",
    `  ${bold("omnikv")} ${version} ${dim(`serves ${store} as Upstash does`)}`,
    "",
    `  UPSTASH_REDIS_REST_URL="${cyan(url)}"`,
    ...secret,
    "",
    token === undefined
      ? `  ${dim("The token is the one you gave. Ctrl+C stops.")}`
      : `  ${dim("This token is new each time: OMNIKV_TOKEN chooses one. Ctrl+C stops.")}`,
    "",
    "",
  ].join("\n");
}

/** A URL without what is secret in it. */
export function shown(url: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(url)?.[0] ?? "";
  if (/^:?memory:[\w-]*$/.test(url)) return url;
  try {
    const { host } = new URL(url.replace(scheme, "http:"));
    return `${scheme}//${host}`;
  } catch {
    return scheme;
  }
}
