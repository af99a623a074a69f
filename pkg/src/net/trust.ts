// Node's errors about servers that it does not trust. How a server was reached does not matter here.

/** Whether a certificate was rejected: OpenSSL's codes for that, in capitals, and Node's own. */
export function isAboutTrust(code: unknown): boolean {
  return typeof code === "string" && /CERT|SIGNATURE|ISSUER/.test(code);
}
