import { type AuditRecord, createLeash, type LogFilter, memoryStore, type Store, verifyJsonl } from "@leashkit/core";
import { afterAll, afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { freshSchema, PASSWORD, sharedServer } from "../server.fixture.ts";
import { type PostgresSink, postgresSink } from "../index.ts";

const server = sharedServer(inject("postgres"));
if (server === undefined) console.info("Skipped for want of a server: the sink in PostgreSQL");
const connectionString = server?.connectionString ?? "";

let schema = "";
let store: Store;
const sinks: PostgresSink[] = [];

beforeEach(() => {
  schema = freshSchema();
  store = memoryStore();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(sinks.splice(0).map((sink) => sink.close()));
});

afterAll(() => server?.stop());

function open(options: { required?: boolean } = {}): PostgresSink {
  const sink = postgresSink({ connectionString, schema, ...options });
  sinks.push(sink);
  return sink;
}

function told(tool: string, more: Partial<AuditRecord["payload"]> = {}): AuditRecord {
  const payload = { type: "decided", tenant: "acme", actor_type: "agent", actor_id: "shopper" } as const;
  return { payload: { ...payload, action_type: tool, decision: "ALLOW", subject: "ann", ...more }, envelope: {} };
}

async function write(stream: string, records: readonly AuditRecord[]) {
  await store.commit([], { stream, records });
  return store.lines(stream, 0, 1_000);
}

async function found(sink: PostgresSink, filter?: LogFilter): Promise<readonly string[]> {
  const tools: string[] = [];
  for await (const { record } of sink.read(filter)) tools.push(record.action_type ?? "");
  return tools;
}

describe.skipIf(server === undefined)("postgresSink", () => {
  it("keeps every line as it was hashed, once, whatever comes twice", async () => {
    const sink = open();
    const lines = await write(
      "w-1",
      Array.from({ length: 700 }, (_, at) => told(`tool-${at}`)),
    );
    await sink.accept(lines.slice(0, 400));
    await sink.accept(lines.slice(300));
    await sink.accept(lines);
    const kept: string[] = [];
    for await (const { line } of sink.read()) kept.push(line);
    expect(kept).toEqual(lines.map(({ line }) => line));
    expect(await verifyJsonl(kept)).toMatchObject({ ok: true, records: 700 });
    expect([await sink.next?.("w-1"), await sink.next?.("w-2")]).toEqual([700, 0]);
  });

  it("finds lines by tenant, owner, agent, tool, decision, type and time", async () => {
    const sink = open();
    const lines = await write("w-1", [
      told("first"),
      told("tenant", { tenant: "other" }),
      told("owner", { subject: "bob" }),
      told("agent", { actor_id: "seller" }),
      told("decision", { decision: "DENY" }),
      told("type", { type: "approval.settled", actor_type: "person", actor_id: "eve", agent: "seller" }),
      told("a\0b"),
    ]);
    await sink.accept(lines);
    const at = Date.parse((JSON.parse(lines[0]?.line ?? "") as { ts: string }).ts);
    expect(await found(sink, { tenant: "other" })).toEqual(["tenant"]);
    expect(await found(sink, { owner: "bob" })).toEqual(["owner"]);
    expect(await found(sink, { agent: "seller" })).toEqual(["agent", "type"]);
    expect(await found(sink, { tool: "first" })).toEqual(["first"]);
    expect(await found(sink, { tool: "a\0b" })).toEqual(["a\0b"]);
    expect(await found(sink, { decision: "DENY" })).toEqual(["decision"]);
    expect(await found(sink, { type: "approval.settled" })).toEqual(["type"]);
    expect(await found(sink, { from: at, to: at + 60_000 })).toHaveLength(7);
    expect(await found(sink, { to: at })).toEqual([]);
    expect(await found(sink, { from: at + 60_000 })).toEqual([]);
  });

  it("is made by several processes at once", async () => {
    const lines = await write("w-1", [told("first")]);
    await Promise.all(Array.from({ length: 5 }, () => open().accept(lines)));
    expect(await found(open())).toEqual(["first"]);
  });

  it("I5: a call behind it runs when the row is there, and not while the table is gone", async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const sink = open({ required: true });
    const quoted = `"${schema.replaceAll('"', '""')}"`;
    const leash = await createLeash({
      policy: { text: "leash: 1\ntools: { act: { decision: allow } }\n" },
      store: "memory",
      audit: { sinks: [sink], acceptWithinMs: 3_000 },
    });
    leash.register({ id: "act" });
    const types = await leash.guard({ tool: "act", input: {} }, async () =>
      server?.query(`SELECT type FROM ${quoted}.leashkit_log ORDER BY seq`),
    );
    expect(types?.map(({ type }) => type)).toEqual(["policy.loaded", "decided", "granted"]);
    // Another's table of that name is in the way.
    await server?.query(`DROP TABLE ${quoted}.leashkit_log; CREATE TABLE ${quoted}.leashkit_log (id int)`);
    let ran = false;
    await expect(leash.guard({ tool: "act", input: {} }, () => (ran = true))).rejects.toMatchObject({
      code: "LEASH_STORE_UNAVAILABLE",
      message: expect.stringContaining('"postgres"'),
    });
    expect(ran).toBe(false);
    await server?.query(`DROP TABLE ${quoted}.leashkit_log`);
    await vi.waitFor(() => leash.guard({ tool: "act", input: {} }, () => (ran = true)), { timeout: 10_000 });
    await leash.close();
    // The whole log is there again, from its first line.
    expect((await found(open())).length).toBeGreaterThan(4);
    const kept: string[] = [];
    for await (const { line } of open().read()) kept.push(line);
    expect(await verifyJsonl(kept)).toMatchObject({ ok: true });
  });

  it("shows no password", async () => {
    const wrong = connectionString.replace(/@[^/]*\//u, "@127.0.0.1:1/");
    const sink = postgresSink({ connectionString: wrong });
    const error: unknown = await sink.accept(await write("w-1", [told("first")])).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "LEASH_STORE_UNAVAILABLE" });
    expect(String(error)).not.toContain(PASSWORD);
    await sink.close();
  });
});
