import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { memoryStore } from "../../store/memory.ts";
import type { Store } from "../../store/store.ts";
import { verifyJsonl } from "../verify.ts";
import { type Collector, startCollector } from "./collector.fixture.ts";
import { httpSink } from "./http.ts";
import { record, stored, until, write } from "./sinks.fixture.ts";
import { openSinks } from "./sinks.ts";

let collector: Collector;
let store: Store;

beforeEach(async () => {
  collector = await startCollector();
  store = memoryStore();
  await write(store, "one", 3);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await collector.kill();
});

const linesOf = (): readonly string[] => collector.received.flatMap(({ body }) => body.split("\n").slice(0, -1));

describe("httpSink", () => {
  it("posts lines as they were hashed, with the token of the environment and a key that is the same for the same lines", async () => {
    vi.stubEnv("SIEM_TOKEN", "s3cret");
    const sink = httpSink({ url: collector.url, bearer: "env:SIEM_TOKEN", headers: { "X-Tenant": "acme" } });
    const lines = await stored(store, "one");
    await sink.accept(lines);
    await sink.accept(lines);
    await sink.accept(lines.slice(1));
    const [first, second, third] = collector.received;
    expect(first).toMatchObject({
      path: "/ingest?source=leash",
      headers: { authorization: "Bearer s3cret", "x-tenant": "acme", "content-type": "application/x-ndjson" },
      body: lines.map(({ line }) => `${line}\n`).join(""),
    });
    const keys = [first, second, third].map((received) => received?.headers["idempotency-key"]);
    expect(keys[0]).toBe(keys[1]);
    expect(keys[0]).not.toBe(keys[2]);
  });

  it.each([
    [400, "LEASH_CONFIG_INVALID"],
    [401, "LEASH_CONFIG_INVALID"],
    [302, "LEASH_CONFIG_INVALID"],
    [408, "LEASH_STORE_UNAVAILABLE"],
    [429, "LEASH_STORE_UNAVAILABLE"],
    [500, "LEASH_STORE_UNAVAILABLE"],
    [503, "LEASH_STORE_UNAVAILABLE"],
    [0, "LEASH_STORE_UNAVAILABLE"],
  ])("takes status %i for %s", async (status, code) => {
    collector.answers.push({ status, headers: { location: "http://elsewhere.example/" } });
    await expect(httpSink({ url: collector.url }).accept(await stored(store, "one"))).rejects.toMatchObject({ code });
    expect(collector.received).toHaveLength(1);
  });

  it("keeps the pause that the collector asks for", async () => {
    collector.answers.push({ status: 429, headers: { "retry-after": "1" } });
    const sink = httpSink({ url: collector.url });
    const lines = await stored(store, "one");
    const started = performance.now();
    await expect(sink.accept(lines)).rejects.toMatchObject({ code: "LEASH_STORE_UNAVAILABLE" });
    await expect(sink.accept(lines)).rejects.toMatchObject({ code: "LEASH_STORE_UNAVAILABLE" });
    expect(collector.received).toHaveLength(1);
    await vi.waitFor(() => sink.accept(lines), { timeout: 5_000, interval: 50 });
    expect(performance.now() - started).toBeGreaterThanOrEqual(1_000);
  });

  it("gives up a request that nobody answers", async () => {
    const { createServer } = await import("node:net");
    const silent = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => silent.once("listening", resolve));
    const address = silent.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const sink = httpSink({ url: `http://127.0.0.1:${port}/`, timeoutMs: 50 });
    await expect(sink.accept(await stored(store, "one"))).rejects.toMatchObject({ code: "LEASH_STORE_UNAVAILABLE" });
    silent.close();
  });

  it(
    "over a collector that is killed and comes back loses nothing, mixes nothing up, and repeats only equal lines",
    { timeout: 30_000 },
    async () => {
      vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
      const raw = memoryStore();
      const sinks = openSinks(raw, "own", { sinks: [httpSink({ url: collector.url })] });
      let written = 0;
      const writeSome = async (): Promise<void> => {
        for (const end = written + 200; written < end; written += 1) {
          await sinks.store.commit([], { stream: "own", records: [record(`${written}`)] });
          if (written % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
        }
      };
      await writeSome();
      // The request is read and then the connection breaks: taken, but never answered for.
      collector.answers.push({ status: 0 });
      await writeSome();
      await collector.kill();
      await writeSome();
      await new Promise((resolve) => setTimeout(resolve, 300));
      await collector.start();
      await writeSome();
      await until(() => new Set(linesOf()).size === written);
      await sinks.close();
      const unique = [...new Set(linesOf())];
      expect(unique).toEqual((await stored(raw, "own")).map(({ line }) => line));
      expect(linesOf().length).toBeGreaterThan(unique.length);
      expect(await verifyJsonl(unique)).toMatchObject({ ok: true, records: written });
    },
  );

  it.each([
    ["no URL", { url: "collector" }],
    ["another scheme", { url: "ftp://collector.example/" }],
    ["a credential in the URL", { url: "https://me:s3cret@collector.example/" }],
    ["a variable that is not set", { url: "https://collector.example/", bearer: "env:LEASHKIT_NOT_SET" }],
    ["a header with a line feed", { url: "https://collector.example/", headers: { a: "s3cret\nb: c" } }],
    ["no time", { url: "https://collector.example/", timeoutMs: 0 }],
    ["an unknown option", { url: "https://collector.example/", token: "s3cret" }],
  ])("refuses %s, and shows no secret", (_, options) => {
    let message = "";
    expect(() => {
      try {
        httpSink(options);
      } catch (error) {
        message = error instanceof Error ? error.message : "";
        throw error;
      }
    }).toThrow(expect.objectContaining({ code: "LEASH_CONFIG_INVALID" }));
    expect(message).not.toContain("s3cret");
  });
});
