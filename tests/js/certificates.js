// Certificates for test servers, issued by a new authority that nobody trusts.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, startRedis } from "./redis-server.js";

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];

/** The files of an authority and of a server on loopback, and a function to remove them. */
export function certify() {
  const folder = mkdtempSync(join(tmpdir(), "omnikv-tls-"));
  const at = (name) => join(folder, name);
  const make = (name, ...further) => {
    const files = ["-keyout", at(`${name}.key`), "-out", at(`${name}.pem`)];
    const given = ["req", "-x509", ...KEY, "-subj", `/CN=omnikv ${name}`, ...files, ...further];
    execFileSync("openssl", given, { stdio: "pipe" });
  };
  make("authority");
  const names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
  const signed = ["-CA", at("authority.pem"), "-CAkey", at("authority.key")];
  make("server", ...signed, "-addext", "basicConstraints=critical,CA:FALSE", "-addext", names);
  return {
    ca: at("authority.pem"),
    certificate: at("server.pem"),
    key: at("server.key"),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** Starts a redis-server that also accepts TLS, on `tlsPort`, with more arguments. */
export async function redisWithTls({ ca, certificate, key }, ...further) {
  const tlsPort = await freePort();
  const files = ["--tls-ca-cert-file", ca, "--tls-cert-file", certificate, "--tls-key-file", key];
  const redis = await startRedis("--tls-port", tlsPort, ...files, "--tls-auth-clients", "no", ...further);
  return { ...redis, tlsPort };
}
