// What Node says of servers that it does not trust. It must not know how one was reached.

/** Whether a certificate was refused: for that there are codes of OpenSSL's, in capitals, and Node's own. */
export function isAboutTrust(code: unknown): boolean {
  return typeof code === "string" && /CERT|SIGNATURE|ISSUER/.test(code);
}
