import { mkdtemp, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createLeash } from "../leash.ts";
import type { LeashOptions } from "../leash-options.ts";
import type { Leash } from "../model/leash.ts";
import type { Json } from "../model/json.ts";
import type { DecisionRecording } from "../model/recording.ts";
import type { ReplayedCall } from "../model/replay.ts";
import { loadPolicy } from "../policies.ts";
import { memoryStore } from "../store/memory.ts";
import type { Store } from "../store/store.ts";
import { fakeClock } from "../testing/clock.ts";
import { scriptedPolicy } from "../testing/scripted-policy.ts";
import { replay, type ReplayOptions } from "./replay.ts";

const opened: Leash[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const leash of opened.splice(0)) await leash.close();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function open(policy: string | LeashOptions["policy"], store: Store, options: Partial<LeashOptions> = {}) {
  const source = typeof policy === "string" ? { text: `leash: 1\n${policy}\n` } : policy;
  const leash = await createLeash({ policy: source, store, notify: [], ...options });
  opened.push(leash);
  return leash;
}

async function call(leash: Leash, tool: string, input: Json): Promise<void> {
  await leash.attempt({ tool, input, session: "s1" }, () => "ran", { pause: "defer" });
}

async function all(options: ReplayOptions): Promise<readonly ReplayedCall[]> {
  const found: ReplayedCall[] = [];
  for await (const one of replay(options)) found.push(one);
  return found;
}

const whys = (calls: readonly ReplayedCall[]) =>
  calls.map((one) => (one.result === "not_replayable" ? one.why : one.result));

const TWO = "rules: [{ id: small, action: buy, when: input.amount <= 10, effect: allow }]\ndefault: deny";

describe("replay", () => {
  it("lists what another policy would have answered, deny to allow first, with counts by rule and tool", async () => {
    const store = memoryStore();
    const leash = await open(TWO, store);
    for (const id of ["buy", "sell"]) leash.register({ id });
    for (const amount of [5, 50, 500]) await call(leash, "buy", { amount });
    await call(leash, "sell", {});
    const policy = await loadPolicy(
      "leash: 1\nrules:\n  - { id: tiny, action: buy, when: input.amount <= 1, effect: allow }\n" +
        "  - { id: asked, action: buy, when: input.amount <= 60, effect: approve }\n" +
        "  - { id: sales, action: sell, effect: allow }\n",
    );
    const summary = await replay({ store, policy }).summary();
    expect(summary.flips.map(({ flip, now, tool, was }) => [flip, tool, was.rule, now.rule])).toEqual([
      ["deny_to_allow", "sell", "default", "sales"],
      ["deny_to_ask", "buy", "default", "asked"],
      ["allow_to_ask", "buy", "small", "asked"],
    ]);
    expect(summary).toMatchObject({
      decisions: 4,
      replayed: 4,
      same: 1,
      flipsByKind: { deny_to_allow: 1, deny_to_ask: 1, allow_to_ask: 1 },
      byRule: [
        { name: "asked", flips: { deny_to_ask: 1, allow_to_ask: 1 } },
        { name: "sales", flips: { deny_to_allow: 1 } },
      ],
      byTool: [{ name: "buy" }, { name: "sell" }],
    });
  });

  it("says the same by the policies of then, also of a child and after another policy took force", async () => {
    const store = memoryStore();
    const first = await open(TWO, store);
    first.register({ id: "buy" });
    const policy = await loadPolicy(
      "leash: 1\ndefault: allow\nlimits: [{ id: few, action: buy, window: 1h, max: 1 }]\n",
    );
    const child = first.narrow({ agent: "child", policy });
    for (const amount of [5, 6, 50]) await call(child, "buy", { amount });
    const second = await open("default: allow", store);
    second.register({ id: "buy" });
    await call(second, "buy", { amount: 50 });
    const calls = await all({ store, strict: true });
    expect(whys(calls)).toEqual(["same", "same", "same", "same"]);
    const effects = calls.map((one) => (one.result === "same" ? `${one.was.effect} ${one.was.reasonCode}` : ""));
    expect(effects.toSorted()).toEqual(["allow default", "allow rule", "deny default", "deny limit"]);
  });

  it("decides by the facts of then: what paths led to, and what was on the clock", async () => {
    const folder = await mkdtemp(join(tmpdir(), "leash-replay-"));
    folders.push(folder);
    await writeFile(join(folder, "a.txt"), "");
    const link = join(folder, "link");
    await symlink(join(folder, "a.txt"), link);
    const store = memoryStore();
    const rules =
      `tools: { write: { allowed_paths: ["${folder}/**"], decision: allow } }\n` +
      "rules: [{ id: early, action: note, when: now < timestamp('2026-02-01T00:00:00Z'), effect: allow }]";
    const clock = fakeClock(Date.UTC(2026, 0, 1));
    const leash = await open(rules, store, { clock });
    for (const id of ["write", "note"]) leash.register({ id });
    await call(leash, "write", { path: link });
    await unlink(link);
    await symlink("/etc/passwd", link);
    await call(leash, "write", { path: link });
    await call(leash, "note", {});
    const calls = await all({ store, strict: true });
    expect(calls.map((one) => one.result === "same" && one.was.effect)).toEqual(["allow", "deny", expect.anything()]);
    expect(whys(calls)).toEqual(["same", "same", "same"]);
  });

  it("goes through the forms that a policy computes, and calls another form a flip", async () => {
    const capped = (most: number) =>
      `rules: [{ id: capped, action: query, effect: compute, compute: { set: { limit: "min(input.limit, ${most})" } } }]`;
    const store = memoryStore();
    const leash = await open(capped(100), store);
    leash.register({ id: "query" });
    await call(leash, "query", { limit: 500 });
    await call(leash, "query", { limit: 5 });
    expect(whys(await all({ store, strict: true }))).toEqual(["same", "same"]);
    const policy = await loadPolicy(`leash: 1\n${capped(50)}\n`);
    const { flips, same } = await replay({ store, policy }).summary();
    expect([same, flips.map(({ flip }) => flip)]).toEqual([1, ["form"]]);
  });

  it("names what a new policy asks and nobody recorded, and a counter of another window", async () => {
    const limit = (window: string) =>
      `default: allow\nlimits: [{ id: daily, action: buy, sum: input.amount, window: ${window}, max: 100 }]`;
    const store = memoryStore();
    const leash = await open(limit("24h"), store);
    leash.register({ id: "buy" });
    await call(leash, "buy", { amount: 5, url: "https://example.org/" });
    const hosts = `leash: 1\ntools: { buy: { allowed_hosts: ["example.org"], deny_private_ips: true, decision: allow } }\n`;
    const asked = await replay({ store, policy: await loadPolicy(hosts) }).summary();
    expect([asked.unknown, asked.flips.length, Object.keys(asked.missing)]).toEqual([
      1,
      0,
      ["self:places", "resolve:example.org"],
    ]);
    const weekly = await replay({ store, policy: await loadPolicy(`leash: 1\n${limit("7d")}\n`) }).summary();
    expect([weekly.unknown, Object.keys(weekly.missing)]).toEqual([1, [`counter:604800000:["daily"]`]]);
  });

  it("counts what cannot be decided again, and says why", async () => {
    const store = memoryStore();
    const key = new Uint8Array(32).fill(7);
    const policies: Partial<LeashOptions>[] = [{ record: { maxBytes: 20 } }, { record: { key } }, { record: false }];
    for (const options of policies) {
      const leash = await open(TWO, store, options);
      leash.register({ id: "buy" });
      await call(leash, "buy", { amount: 5, note: "a longer text" });
    }
    const scripted = await open(
      scriptedPolicy(() => "allow"),
      store,
    );
    scripted.register({ id: "buy" });
    await call(scripted, "buy", { amount: 5 });
    await scripted.attempt({ tool: "buy", input: { when: new Date() } }, () => "ran");
    const { notReplayable, decisions, replayed } = await replay({ store }).summary();
    expect(notReplayable).toEqual({ too_large: 1, encrypted: 1, gone: 1, no_policy: 1, not_sealed: 1 });
    expect([decisions, replayed]).toEqual([5, 0]);
    expect((await replay({ store, key }).summary()).same).toBe(1);
    expect((await replay({ store, key: new Uint8Array(32) }).summary()).notReplayable.encrypted).toBe(1);
  });

  it("I10: finds a recording that is not what the log says", async () => {
    const store = memoryStore();
    const leash = await open(TWO, store);
    leash.register({ id: "buy" });
    await call(leash, "buy", { amount: 5 });
    const [row] = (await store.list("recording")).filter(({ id }) => !id.endsWith(".outcome"));
    // The row of the one call.
    const body = row?.body as unknown as DecisionRecording;
    const edits: DecisionRecording[] = [
      { ...body, action: { ...body.action, text: '{"amount":6}' } },
      { ...body, decision: { ...body.decision, effect: "deny" } },
      { ...body, decision: { ...body.decision, rule: "other" } },
      { ...body, decision: { ...body.decision, digest: "0".repeat(64) } },
      { ...body, action: { ...body.action, principal: { ...body.action.principal, agent: "other" } } },
    ];
    for (const [index, edit] of edits.entries()) {
      const change = {
        kind: "recording",
        id: row?.id ?? "",
        expect: index + 1,
        body: edit as unknown as Json,
      } as const;
      expect((await store.commit([change])).ok).toBe(true);
      expect(whys(await all({ store, strict: true })), `edit ${index}`).toEqual(["tampered"]);
    }
  });

  it("takes only the calls that are asked for", async () => {
    const store = memoryStore();
    const leash = await open("default: allow", store);
    for (const id of ["buy", "sell"]) leash.register({ id });
    await call(leash, "buy", {});
    await call(leash.as({ agent: "other" }), "sell", {});
    const decisions = async (filter: Partial<ReplayOptions>) =>
      (await replay({ store, ...filter }).summary()).decisions;
    expect(await decisions({})).toBe(2);
    expect(await decisions({ tool: "sell" })).toBe(1);
    expect(await decisions({ agent: "other" })).toBe(1);
    expect(await decisions({ tenant: "nobody" })).toBe(0);
    expect(await decisions({ until: 0 })).toBe(0);
    expect(await decisions({ since: Date.now() + 60_000 })).toBe(0);
  });

  it("records what the policy said where a person's no is remembered instead", async () => {
    const store = memoryStore();
    const leash = await open("default: approve", store);
    leash.register({ id: "buy" });
    await call(leash, "buy", { amount: 5 });
    const desk = leash.desk({ id: "ann" });
    await desk.deny((await desk.pending())[0]?.id ?? "");
    const again = await leash.attempt({ tool: "buy", input: { amount: 5 } }, () => "ran");
    expect(again.kind).toBe("refused");
    expect(whys(await all({ store, strict: true }))).toEqual(["same", "same"]);
  });

  it("refuses options that exclude one another", () => {
    const policy = scriptedPolicy(() => "allow");
    expect(() => replay({ store: memoryStore(), strict: true, policy })).toThrow("strict");
    expect(() => replay({ store: memoryStore(), key: new Uint8Array(3) })).toThrow("32 bytes");
  });
});
