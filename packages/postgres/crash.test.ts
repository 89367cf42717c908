import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createLeash, type Store } from "@leashkit/core";
import { scriptedPolicy } from "@leashkit/core/testing";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { postgresStore } from "./index.ts";
import { freshSchema, startServer } from "./server.fixture.ts";

const started = await startServer();
const { crash, start } = started ?? {};
if (started === undefined) console.info("Skipped for want of a server: a PostgreSQL server that crashes");
const canCrash = crash !== undefined && start !== undefined;
if (started !== undefined && !canCrash) console.info("Skipped: crashes of a server that is not ours to stop");

const connectionString = started?.connectionString ?? "";
const unavailable = { code: "LEASH_STORE_UNAVAILABLE" };

let store: Store;
let folder = "";

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "leashkit-crash-"));
  if (started !== undefined) store = await postgresStore({ connectionString, schema: freshSchema() });
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

afterAll(() => started?.stop());

describe.skipIf(!canCrash)("a PostgreSQL server that crashes", () => {
  it("I4: fails held calls closed, and once it runs again the same store works and the same call can be approved", async () => {
    const leash = await createLeash({ policy: scriptedPolicy(() => "approve"), store, state: folder, notify: [] });
    leash.register({ id: "send_money" });
    let runs = 0;
    const call = { tool: "send_money", input: { amount: 1 }, scope: "thread", callId: "call-1" };
    const propose = (): Promise<unknown> => leash.guard(call, () => ((runs += 1), "sent"));
    const pending = async (): Promise<string> => {
      for (;;) {
        const [approval] = await leash.desk({ id: "ann" }).pending();
        if (approval !== undefined) return approval.id;
        await sleep(5);
      }
    };
    const held = expect(propose()).rejects.toMatchObject(unavailable);
    const id = await pending();
    await crash?.();
    await held;
    await expect(propose()).rejects.toMatchObject(unavailable);
    expect(runs).toBe(0);
    await start?.();
    const again = propose();
    await leash.desk({ id: "ann", assurance: "login" }).approve(id);
    expect([await again, runs]).toEqual(["sent", 1]);
    expect(await leash.verifyLog()).toMatchObject({ ok: true });
    await leash.close();
  });

  it("I5: has lost nothing that was acknowledged, though it syncs no commit by default", async () => {
    const acknowledged: string[] = [];
    let next = 0;
    const commitOn = async (): Promise<void> => {
      for (;;) {
        const id = String((next += 1));
        const record = { type: "decided", tenant: "t", actor_type: "agent", actor_id: "a", detail: id } as const;
        const append = { stream: "log", records: [{ payload: record, envelope: {} }] };
        await store.commit([{ kind: "used", id, expect: 0, body: 0 }], append);
        acknowledged.push(id);
      }
    };
    const writers = Array.from({ length: 8 }, commitOn).map((writer) =>
      expect(writer).rejects.toMatchObject(unavailable),
    );
    while (acknowledged.length < 200) await sleep(1);
    await crash?.();
    await Promise.all(writers);
    await start?.();
    const written = new Set<unknown>();
    for (
      let page = await store.lines("log", 0, 1_000);
      page.length > 0;
      page = await store.lines("log", written.size, 1_000)
    ) {
      for (const { line } of page) written.add((JSON.parse(line) as { detail: unknown }).detail);
    }
    expect(acknowledged.filter((id) => !written.has(id))).toEqual([]);
    expect(await Promise.all(acknowledged.map(async (id) => (await store.get("used", id))?.version))).toEqual(
      acknowledged.map(() => 1),
    );
    // And the chain goes on from where the server stands.
    expect(await store.commit([{ kind: "used", id: "after", expect: 0, body: 0 }])).toEqual({ ok: true });
  });
});

describe.skipIf(started === undefined)("a connection to PostgreSQL that breaks", () => {
  it("I4: rejects a commit whose answer is lost, which may have been written, and reads it back", async () => {
    const proxy = await startProxy(new URL(connectionString));
    const flaky = await postgresStore({ connectionString: proxy.connectionString, schema: freshSchema() });
    expect(await flaky.commit([{ kind: "used", id: "before", expect: 0, body: 1 }])).toEqual({ ok: true });
    proxy.loseNextAnswer();
    const lost = [1, 2].map((id) => flaky.commit([{ kind: "used", id: `${id}`, expect: 0, body: id }]));
    for (const commit of lost) {
      await expect(commit).rejects.toMatchObject({
        ...unavailable,
        message: expect.stringContaining("read back what was"),
      });
    }
    expect(await flaky.get("used", "1")).toMatchObject({ version: 1, body: 1 });
    expect(await flaky.commit([{ kind: "used", id: "2", expect: 0, body: 3 }])).toMatchObject({ ok: false });
    proxy.loseNextAnswer();
    await expect(flaky.get("used", "1")).rejects.toMatchObject(unavailable);
    expect(await flaky.get("used", "1")).toMatchObject({ version: 1 });
    await flaky.close();
    await proxy.stop();
  });
});

/** A way to the server that can hand a request on and cut the connection instead of bringing the answer. */
async function startProxy(url: URL) {
  let losing = false;
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const upstream = connect(Number(url.port === "" ? 5432 : url.port), url.hostname);
    for (const socket of [client, upstream]) sockets.add(socket.on("error", () => undefined));
    client.pipe(upstream);
    upstream.on("data", (answer) => {
      if (!losing) return void client.write(answer);
      losing = false;
      client.destroy();
      return upstream.destroy();
    });
    upstream.on("close", () => client.destroy());
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => proxy.once("listening", resolve));
  const address = proxy.address();
  const through = new URL(url);
  through.host = `127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  return {
    connectionString: through.href,
    loseNextAnswer: () => void (losing = true),
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
