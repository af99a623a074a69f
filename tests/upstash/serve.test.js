// `omnikv serve` as a command: options, output, secrets, and how it exits.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect as dial } from "node:net";
import { describe, it } from "node:test";
import { connect } from "omnikv";
import { startRedis } from "../js/redis-server.js";
import { CLI, serve } from "./serve.js";

const TOKEN = "t0p-s3cret";

const run = (words, env = {}) =>
  spawnSync(process.execPath, [CLI, ...words], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, ...env },
    timeout: 60_000,
  });

const ask = (server, path, given = {}) =>
  fetch(`${server.url}${path}`, {
    ...given,
    headers: { authorization: `Bearer ${TOKEN}`, ...given.headers },
  });

describe("omnikv", () => {
  it("prints its usage", () => {
    for (const words of [["--help"], ["help"], ["-h"]])
      assert.match(run(words).stdout, /Commands:\n {2}serve/);
    for (const words of [
      ["serve", "--help"],
      ["help", "serve"],
      ["serve", "-h", "--port", "x"],
    ]) {
      const { stdout, status } = run(words);
      assert.match(stdout, /--read-only-token TOKEN/);
      assert.equal(status, 0);
    }
    assert.match(run(["--version"]).stdout, /^\d+\.\d+\.\d+\n$/);
  });

  it("repeats the name that it did not understand, and says what may have been meant", () => {
    for (const [words, said] of [
      [["sevre"], /no command sevre: did you mean serve\?/],
      [["frobnicate"], /no command frobnicate: there are serve, playground/],
      [["serve", "--prot", "3"], /serve has no option --prot: did you mean --port\?/],
      [["serve", "--prot=3"], /serve has no option --prot: did you mean --port\?/],
      [["serve", "--frobnicate"], /serve has no option --frobnicate: there are --url, --port/],
      [["playground", "--prot", "3"], /playground has no option --prot: did you mean --port\?/],
      [["serve", "3"], /serve takes only options/],
      [["serve", "--port"], /serve cannot read what it was given for --port/],
      [["redis://:s3cret@localhost"], /^omnikv: there is no command of that name/],
    ]) {
      const { status, stdout, stderr } = run(words);
      assert.deepEqual([status, stdout], [2, ""], `${words}`);
      assert.match(stderr, said);
      assert(!stderr.includes("s3cret"));
    }
  });

  it("serves the playground on loopback until it is stopped", async () => {
    const child = spawn(process.execPath, [CLI, "playground"], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await once(child.stdout, "data");
    const [, url] = /at (http:\/\/127\.0\.0\.1:\d+\/) /.exec(line);
    const page = await fetch(url);
    assert.match(page.headers.get("content-type"), /^text\/html/);
    const scripts = [...(await page.text()).matchAll(/ (?:src|href)="([\w/.-]+\.(?:js|css|svg))"/g)].map(
      ([, name]) => name,
    );
    assert(scripts.length >= 3);
    for (const name of [...scripts, "omnikv.js", "net.js", "docs/reference.html"])
      assert.equal((await fetch(new URL(name, url))).status, 200, name);
    for (const name of ["core.wasm", "../package.json", "%2e%2e/cli.js", "..%2fcli.js", "%", "none.js"])
      assert.equal((await fetch(url + name)).status, 404, name);
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });

  it("refuses what it does not know, and repeats no secret", () => {
    for (const words of [
      [],
      ["sevre"],
      ["serve", "--port", "http"],
      ["serve", "--port", "70000"],
      ["serve", "--tokn", TOKEN],
      ["serve", `--tokn=${TOKEN}`],
      ["serve", TOKEN],
      ["serve", "--token", ""],
      ["serve", "--quiet"],
      ["serve", "--token", TOKEN, "--read-only-token", TOKEN],
      ["serve", "--allow-origin", ""],
    ]) {
      const { status, stdout, stderr } = run(words);
      assert.equal(status, 2, `${words}: ${stderr}`);
      assert.equal(stdout, "");
      assert.match(stderr, /^omnikv: /);
      assert.doesNotMatch(stderr, /t0p/);
    }
    const { status, stderr } = run(["serve", "--url", `rediz://user:${TOKEN}@host/`]);
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^omnikv: Unsupported KVS URL: rediz:\/\/host\/: did you mean redis:\/\/\? URLs begin with /,
    );
    assert(!stderr.includes(TOKEN));
  });
});

describe("omnikv serve", () => {
  it("generates a token if there is none, and prints it", async () => {
    const server = await serve();
    assert.match(server.token, /^[\w-]{32}$/);
    assert.equal(server.store, "memory:");
    const headers = { authorization: `Bearer ${server.token}` };
    assert.deepEqual(await (await ask(server, "/ping", { headers })).json(), { result: "PONG" });
    assert.equal((await ask(server, "/ping")).status, 401);
    assert.deepEqual(await server.stop("SIGINT"), { code: 0, signal: null });
  });

  it("takes the token from the environment, and does not print it", async () => {
    for (const name of ["OMNIKV_TOKEN", "UPSTASH_REDIS_REST_TOKEN"]) {
      const server = await serve([], { [name]: TOKEN });
      assert.equal((await ask(server, "/ping")).status, 200);
      await ask(server, `/nosuch/${TOKEN}`);
      await server.stop();
      assert.doesNotMatch(server.said(), /t0p/);
    }
  });

  it("answers our own client, with keys as long as Upstash's", async () => {
    const server = await serve(["--prefix", "app"], { OMNIKV_TOKEN: TOKEN });
    const kv = await connect(server.url.replace("http:", `upstash+http:`), {
      token: TOKEN,
      maxKeyBytes: 4096,
    });
    assert.deepEqual(
      await kv.multi().set("k".repeat(2000), Uint8Array.of(0xff, 0)).incr("n").keys("*").exec(),
      ["OK", 1, ["n", "k".repeat(2000)].sort((a, b) => b.length - a.length)],
    );
    assert.deepEqual(await kv.getBytes("k".repeat(2000)), Uint8Array.of(0xff, 0));
    await kv.close();
    await server.stop();
  });

  it("accepts allowed pages, and no others", async () => {
    const server = await serve(["--allow-origin", "http://localhost:3000"], { OMNIKV_TOKEN: TOKEN });
    const from = (origin) => ask(server, "/ping", { headers: { origin } });
    const page = await from("http://localhost:3000");
    assert.equal(page.headers.get("access-control-allow-origin"), "http://localhost:3000");
    assert.equal(page.status, 200);
    assert.equal((await from("http://localhost:3001")).status, 403);
    await server.stop();
    const closed = await serve([], { OMNIKV_TOKEN: TOKEN });
    const refused = await ask(closed, "/ping", { headers: { origin: "http://localhost:3000" } });
    assert.deepEqual([refused.status, refused.headers.get("access-control-allow-origin")], [403, null]);
    await closed.stop();
  });

  it("rejects too large requests and continues", async () => {
    const server = await serve([], { OMNIKV_TOKEN: TOKEN });
    const large = (bytes) => ask(server, "/set/k", { method: "POST", body: new Uint8Array(bytes) });
    assert.equal((await large(10 << 20)).status, 200);
    // The connection may be closed while the client is still sending, before it reads the response.
    const status = await large(11 << 20).then(
      (response) => response.status,
      () => 413,
    );
    assert.equal(status, 413);
    assert.deepEqual(await (await ask(server, "/strlen/k")).json(), { result: 10 << 20 });
    await server.stop();
  });

  it("reports that a port is taken", async () => {
    const server = await serve([], { OMNIKV_TOKEN: TOKEN });
    const { port } = new URL(server.url);
    const { status, stderr } = run(["serve", "--port", port], { OMNIKV_TOKEN: TOKEN });
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`port ${port} is taken`));
    await server.stop();
  });

  it("answers running requests before it exits", async () => {
    const server = await serve([], { OMNIKV_TOKEN: TOKEN });
    const { port, hostname } = new URL(server.url);
    const socket = dial(Number(port), hostname).setEncoding("utf8");
    const head = ["POST / HTTP/1.1", "host: x", `authorization: Bearer ${TOKEN}`, "content-length: 8"];
    socket.write(`${[...head, "expect: 100-continue"].join("\r\n")}\r\n\r\n`);
    const [asked] = await once(socket, "data");
    assert.match(asked, /^HTTP\/1\.1 100 /);
    const ended = server.stop("SIGTERM");
    // It no longer listens, but still waits for this request.
    for (let isListening = true; isListening;) {
      isListening = await fetch(server.url).then(
        () => true,
        () => false,
      );
    }
    socket.write('["PING"]');
    const [answered] = await once(socket, "data");
    assert.match(answered, /^HTTP\/1\.1 200 OK[^]*{"result":"PONG"}$/);
    socket.end();
    assert.deepEqual(await ended, { code: 0, signal: null });
  });
});

describe("omnikv serve --url redis://", () => {
  /** A redis-server with a password, and the gateway over it. */
  async function begin() {
    const redis = await startRedis("--user", "app", "on", `>${TOKEN}`, "~*", "+@all");
    const url = `redis://app:${TOKEN}@127.0.0.1:${redis.port}/2`;
    const server = await serve(["--prefix", "app"], { OMNIKV_TOKEN: TOKEN, OMNIKV_URL: url });
    return { redis, server };
  }

  it("writes plain Redis values, and shows no password", async () => {
    const { redis, server } = await begin();
    try {
      assert.equal(server.store, `redis://127.0.0.1:${redis.port}`);
      await ask(server, "/set/greeting/hello");
      await ask(server, "/lpush/queue/a");
      await ask(server, `/set/${"k".repeat(2000)}/long`);
      await redis.run("SELECT", 2);
      assert.equal(await redis.run("GET", `app:${"k".repeat(2000)}`), "long");
      assert.equal(await redis.run("GET", "app:greeting"), "hello");
      assert.equal(await redis.run("TYPE", "app:queue"), "list");
      assert.deepEqual(await server.stop("SIGINT"), { code: 0, signal: null });
      assert.doesNotMatch(server.said(), /t0p/);
    } finally {
      await server.stop("SIGKILL");
      await redis.close();
    }
  });

  it("waits for Redis's answers before it exits", async () => {
    const { redis, server } = await begin();
    try {
      assert.equal((await ask(server, "/set/k/v")).status, 200);
      await redis.run("CLIENT", "PAUSE", 100_000, "WRITE");
      const waiting = Promise.all([ask(server, "/incr/n"), ask(server, "/get/k")]);
      await until(async () => (await redis.run("INFO", "clients")).includes("blocked_clients:1"));
      const ended = server.stop("SIGTERM");
      await until(async () => !(await listens(server)));
      await redis.run("CLIENT", "UNPAUSE");
      const answers = await Promise.all((await waiting).map((response) => response.json()));
      assert.deepEqual(answers, [{ result: 1 }, { result: "v" }]);
      assert.deepEqual(await ended, { code: 0, signal: null });
    } finally {
      await server.stop("SIGKILL");
      await redis.close();
    }
  });

  it("survives a Redis outage, and reports it meanwhile", async () => {
    const { redis, server } = await begin();
    try {
      await ask(server, "/set/k/v");
      await redis.kill();
      const { status, text } = await told(ask(server, "/incr/n"));
      assert.equal(status, 503, text);
      assert.match(text, /^{"error":"/);
      assert.doesNotMatch(text, /t0p/);
      await redis.start();
      assert.deepEqual(await told(ask(server, "/incr/n")), { status: 200, text: '{"result":1}' });
    } finally {
      assert.deepEqual(await server.stop(), { code: 0, signal: null });
      await redis.close();
    }
  });
});

const told = async (answer) => {
  const response = await answer;
  return { status: response.status, text: await response.text() };
};

async function until(holds) {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}

const listens = ({ url }) =>
  fetch(url).then(
    () => true,
    () => false,
  );
