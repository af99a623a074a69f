// What `omnikv serve` prints when it starts.

/** What to print. */
export interface Facts {
  readonly url: string;
  readonly store: string;
  /** Only a generated one. */
  readonly token: string | undefined;
}

/** The text, with or without colours. */
export function banner({ url, store, token }: Facts, version: string, isColourful: boolean): string {
  const paint = (code: number) => (text: string) => (isColourful ? `\x1b[${code}m${text}\x1b[0m` : text);
  const [bold, dim, cyan] = [paint(1), paint(2), paint(36)];
  const secret = token === undefined ? [] : [`  UPSTASH_REDIS_REST_TOKEN="${cyan(token)}"`];
  return [
    "",
    `  ${bold("omnikv")} ${version} ${dim(`serves ${store} over Upstash's REST protocol`)}`,
    "",
    `  UPSTASH_REDIS_REST_URL="${cyan(url)}"`,
    ...secret,
    "",
    token === undefined
      ? `  ${dim("Clients use the token you set. Ctrl+C stops the server.")}`
      : `  ${dim("The token is random; set OMNIKV_TOKEN to choose one. Ctrl+C stops the server.")}`,
    "",
    "",
  ].join("\n");
}

/** A URL without its secrets. */
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
