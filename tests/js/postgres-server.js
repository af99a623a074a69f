// A real PostgreSQL server for a test, started on a free loopback port by a user who is not root, in a folder of its own; and
// psql, another program at the same database. What is tested does not matter here.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { ownTime } from "./case.js";
import { freePort } from "./redis-server.js";

const PASSWORD = "p@ss:w/rd";

/** Debian keeps PostgreSQL's programs outside the PATH. */
function program(name) {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort().reverse() : [];
  const folders = [
    ...process.env.PATH.split(delimiter),
    ...versions.map((each) => join(debian, each, "bin")),
  ];
  const found = folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
  if (found === undefined) throw new Error("this test needs PostgreSQL: apt-get install postgresql");
  return found;
}

/** The user `postgres`, if we are root, whom PostgreSQL refuses. */
function otherUser() {
  if (process.getuid() !== 0) return {};
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const [, , uid, gid] =
    users.find(([name]) => name === "postgres") ?? users.find(([name]) => name === "nobody");
  return { uid: Number(uid), gid: Number(gid) };
}

/** Starts a server; `prepare` may put files into its folder, and returns more settings, such as `ssl=on`. */
export async function startPostgres(prepare = () => []) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "omnikv-postgres-"));
  const user = otherUser();
  writeFileSync(join(folder, "password"), PASSWORD);
  const settings = prepare(folder);
  if (user.uid !== undefined) {
    for (const name of ["", ...readdirSync(folder)]) chownSync(join(folder, name), user.uid, user.gid);
  }
  const env = { ...process.env, LC_ALL: "C" };
  const data = join(folder, "data");
  const making = [
    "--username=postgres",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--no-locale",
    "--no-sync",
  ];
  execFileSync(program("initdb"), [...making, "--pwfile", join(folder, "password"), data], {
    ...user,
    env,
    cwd: "/",
    stdio: "ignore",
  });
  const words = [
    "-D",
    data,
    "-h",
    "127.0.0.1",
    "-p",
    port,
    "-k",
    "",
    ...settings.flatMap((each) => ["-c", each]),
  ];
  let server;
  let aside;
  /** Runs statements as another program, and returns what they print, a line for each row. */
  const sql = async (text) => {
    aside ??= psql();
    const { input, lines } = aside;
    input.write(`${text};\n\\echo done\n`);
    const rows = [];
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error("psql has ended");
      if (value === "done") return rows;
      rows.push(value);
    }
  };
  const psql = () => {
    const place = ["-h", "127.0.0.1", "-p", String(port), "-U", "postgres", "-qAtX"];
    const child = spawn(program("psql"), place, {
      env: { ...env, PGPASSWORD: PASSWORD },
      stdio: ["pipe", "pipe", "ignore"],
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return { input: child.stdin, lines, end: () => child.kill() };
  };
  const hangUp = () => {
    aside?.end();
    aside = undefined;
  };
  const start = async () => {
    server = spawn(program("postgres"), words.map(String), { ...user, env, cwd: "/", stdio: "ignore" });
    await once(server, "spawn");
    for (let tries = 0; ; tries++) {
      const [row] = await sql("SELECT 1").catch(() => []);
      if (row === "1") return;
      hangUp();
      if (tries > 3000) throw new Error("postgres did not start");
      if (server.exitCode !== null) return start();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const kill = async () => {
    hangUp();
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill("SIGKILL");
    await once(server, "exit");
  };
  await start();
  const url = (host = "127.0.0.1") =>
    `postgres://postgres:${encodeURIComponent(PASSWORD)}@${host}:${port}/postgres`;
  return {
    port,
    url,
    sql,
    kill,
    start,
    /** Empties the tables, once they are there. */
    async clear() {
      const tables = ["", "_records", "_changes", "_locks", "_consumers", "_tasks"];
      const deletes = tables.map((name) => `DELETE FROM omnikv${name}`);
      await sql([...deletes, "UPDATE omnikv_sequence SET number = 0, latest = 0"].join(";"));
    },
    /** A world for a conformance case: empty, and with a clock of its own. */
    async world() {
      await this.clear();
      return { ...ownTime(url()), isServer: true };
    },
    async close() {
      await kill();
      rmSync(folder, { recursive: true });
    },
  };
}
