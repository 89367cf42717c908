import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createLeash } from "../leash.ts";
import type { LeashOptions } from "../leash-options.ts";
import type { Json } from "../model/json.ts";
import type { Leash } from "../model/leash.ts";
import type { Policy } from "../model/policy.ts";
import type { DecisionRecording, OutcomeRecording, Recording } from "../model/recording.ts";
import { loadPolicy } from "../policies.ts";
import { replay } from "../replay/replay.ts";
import { memoryStore } from "../store/memory.ts";
import { sqliteStore } from "../store/sqlite.ts";
import type { Row, Store } from "../store/store.ts";
import { sweep } from "../store/sweep.ts";
import { memoryKeyRing } from "../tokens/keys.ts";
import { fakeClock } from "../testing/clock.ts";
import { RECORDING_RETENTION } from "./rows.ts";

const opened: Leash[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const leash of opened.splice(0)) await leash.close();
  for (const made of folders.splice(0)) await rm(made, { recursive: true, force: true });
});

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "leash-recording-"));
  folders.push(made);
  return made;
}

async function open(rules: string, store: Store, options: Partial<LeashOptions> = {}): Promise<Leash> {
  const leash = await createLeash({ policy: { text: `leash: 1\n${rules}\n` }, store, notify: [], ...options });
  opened.push(leash);
  return leash;
}

/** Rows are written by this version. */
const bodies = (rows: readonly Row[]) => rows.map(({ body }) => body as unknown as Recording);
const decisionsOf = async (store: Store) =>
  bodies(await store.list("recording")).filter((each): each is DecisionRecording => each.of === "decision");
const outcomesOf = async (store: Store) =>
  bodies(await store.list("recording")).filter((each): each is OutcomeRecording => each.of === "outcome");

const KINDS = [
  "approval",
  "journal",
  "blob",
  "policy",
  "counter",
  "recording",
  "denial",
  "deferral",
  "receipt",
] as const;

/** Everything that a store holds, as text. */
async function everythingIn(store: Store): Promise<string> {
  const rows = await Promise.all(KINDS.map((kind) => store.list(kind, { limit: 1_000 })));
  const lines: string[] = [];
  for (const stream of await store.streams())
    for (const { line } of await store.lines(stream, 0, 1_000)) lines.push(line);
  return JSON.stringify([rows, lines]);
}

const RUN = { session: "s1", callId: "c1", scope: "t1" };

describe("a recording", () => {
  it("is written for every answer, under the id that the log names: in the same commit, or in the one that ends the run", async () => {
    const memory = memoryStore();
    const commits: (readonly [readonly string[], readonly string[]])[] = [];
    const store: Store = {
      ...memory,
      commit(changes, append) {
        const named = (append?.records ?? []).filter(({ payload }) => payload.type === "decided");
        const kept = changes.filter(({ kind, id }) => kind === "recording" && !id.endsWith(".outcome"));
        commits.push([named.map(({ envelope }) => envelope.decision_id ?? "none"), kept.map(({ id }) => id)]);
        return memory.commit(changes, append);
      },
    };
    const rules = "rules: [{ id: a, action: a, effect: allow }, { id: b, action: b, effect: approve }]";
    const leash = await open(rules, store);
    for (const id of ["a", "b", "c"]) leash.register({ id });
    for (const tool of ["a", "b", "c", "unheard"]) {
      await leash.attempt({ tool, input: {} }, () => "ran", { pause: "defer" });
    }
    const [allowed, ended, asked, denied, unheard, ...more] = commits.filter((each) => each.flat().length > 0);
    expect([allowed?.[1], ended]).toEqual([[], [[], allowed?.[0]]]);
    for (const each of [asked, denied, unheard]) expect([each?.[0].length, each?.[1]]).toEqual([1, each?.[0]]);
    expect(more).toEqual([]);
  });

  it("is lost with the outcome of a call that was cut off, which then cannot be replayed, and with nothing else", async () => {
    const memory = memoryStore();
    let isGone = false;
    const store: Store = {
      ...memory,
      commit: (changes, append) =>
        isGone ? Promise.reject(new Error("the process is gone")) : memory.commit(changes, append),
    };
    const leash = await open("default: allow", store);
    leash.register({ id: "buy" });
    await leash.guard({ tool: "buy", input: {} }, () => "ran");
    const cutOff = leash.guard({ tool: "buy", input: {} }, () => void (isGone = true));
    await expect(cutOff).rejects.toMatchObject({ code: "LEASH_OUTCOME_UNKNOWN" });
    expect(await decisionsOf(memory)).toHaveLength(1);
    expect(await replay({ store: memory, strict: true }).summary()).toMatchObject({
      decisions: 2,
      same: 1,
      notReplayable: { gone: 1 },
    });
  });

  it.each([undefined, Buffer.alloc(32, 7)])(
    "I5: is left out where it cannot be written, and the outcome of the call is not (key: %s)",
    async (key) => {
      const store = memoryStore();
      const own = await loadPolicy("leash: 1\ndefault: allow\n");
      const evaluate: Policy["evaluate"] = (...asked) => {
        const decision = own.evaluate(...asked);
        return { ...decision, ruleDigest: 1n as unknown as string };
      };
      const options = { policy: { ...own, evaluate }, record: key === undefined ? {} : { key } };
      const leash = await open("", store, options);
      leash.register({ id: "buy" });
      expect(await leash.guard({ tool: "buy", input: {}, ...RUN }, () => "ran")).toBe("ran");
      expect(await leash.guard({ tool: "buy", input: {}, ...RUN }, () => "again")).toBe("ran");
      await expect(leash.guard({ tool: "buy", input: {} }, () => Promise.reject(new Error("no")))).rejects.toThrow(
        "no",
      );
      const states = (await store.list("journal")).map(({ body }) => (body as { readonly state: string }).state);
      expect(states.toSorted()).toEqual(["done", "failed"]);
    },
  );

  it("of a run that pauses itself is there while it waits, and of its next start, too", async () => {
    const store = memoryStore();
    const leash = await open("default: allow", store);
    leash.register({ id: "buy" });
    const pause = new Error("pause");
    const suspends = (thrown: unknown): boolean => thrown === pause;
    const call = { tool: "buy", input: {}, ...RUN };
    await expect(leash.guard(call, () => Promise.reject(pause), { suspends })).rejects.toBe(pause);
    expect(await decisionsOf(store)).toHaveLength(1);
    await leash.guard(call, () => "ran", { suspends });
    expect(await decisionsOf(store)).toHaveLength(2);
  });

  it("holds what a run gave, or how it failed, beside what was decided", async () => {
    const clock = fakeClock();
    const store = memoryStore({ clock });
    const leash = await open("default: allow", store, { clock });
    leash.register({ id: "buy" });
    const failing = (): Promise<never> => Promise.reject(new TypeError("secret"));
    for (const run of [() => ({ order: 7 }), () => undefined, () => new Map(), failing]) {
      await leash.attempt<unknown>({ tool: "buy", input: {} }, run);
      clock.advance(1);
    }
    const kept = (await outcomesOf(store)).map(({ failure, notRecorded, output, state }) => ({
      failure,
      notRecorded,
      output,
      state,
    }));
    expect(kept).toEqual([
      { state: "done", output: { order: 7 } },
      { state: "done" },
      { state: "done", notRecorded: true },
      { state: "failed", failure: { kind: "TypeError", effect: "unknown" } },
    ]);
  });

  it("is not there with `record: false`, and no output with `outputs: false`", async () => {
    const store = memoryStore();
    for (const record of [false, { outputs: false }] as const) {
      const leash = await open("default: allow", store, { record });
      leash.register({ id: "buy" });
      await leash.guard({ tool: "buy", input: {} }, () => "ran");
    }
    expect([(await decisionsOf(store)).length, (await outcomesOf(store)).length]).toEqual([1, 0]);
  });

  it("goes when its time is over", async () => {
    const clock = fakeClock();
    const store = memoryStore({ clock });
    const leash = await open("default: allow", store, { clock, record: { keepMs: 3_600_000 } });
    leash.register({ id: "buy" });
    await leash.guard({ tool: "buy", input: {} }, () => "ran");
    clock.advance(3_600_000);
    expect(await sweep(store, [RECORDING_RETENTION])).toBe(0);
    clock.advance(86_400_000);
    expect(await sweep(store, [RECORDING_RETENTION])).toBe(2);
    expect((await replay({ store }).summary()).notReplayable).toEqual({ gone: 1 });
  });

  it("goes with many others at once, however many are not due", async () => {
    const clock = fakeClock();
    const store = memoryStore({ clock });
    const rows = (from: number, dueAt: number) =>
      Array.from({ length: 700 }, (_unused, index) => {
        const id = String(from + index).padStart(8, "0");
        return { kind: "recording", id, expect: 0, body: { v: 1 }, dueAt } as const;
      });
    await store.commit(rows(0, clock.now()));
    await store.commit(rows(700, clock.now() + 30 * 86_400_000));
    clock.advance(86_400_000);
    expect(await sweep(store, [RECORDING_RETENTION])).toBe(700);
    expect(await sweep(store, [RECORDING_RETENTION])).toBe(0);
    expect((await store.list("recording", { limit: 1 })).at(0)?.id).toBe("00000700");
  });

  it("of what is too large holds neither input nor facts nor output", async () => {
    const store = memoryStore();
    const leash = await open("default: allow", store, { record: { maxBytes: 100 } });
    leash.register({ id: "buy" });
    // Fewer characters than bytes.
    await leash.guard({ tool: "buy", input: { text: "€".repeat(40) } }, () => "x".repeat(101));
    const [decision] = await decisionsOf(store);
    expect([decision?.action.text, decision?.tooLarge]).toEqual([undefined, 131]);
    expect(await outcomesOf(store)).toMatchObject([{ tooLarge: 103 }]);
  });

  it("with a key is ciphertext, and opens only with that key and in its own row", async () => {
    const store = memoryStore();
    const key = new Uint8Array(32).fill(9);
    const leash = await open("default: allow", store, { record: { key } });
    leash.register({ id: "buy" });
    for (const item of ["a-planted-word", "another-word"])
      await leash.guard({ tool: "buy", input: { item } }, () => item);
    const rows = (await store.list("recording")).filter(({ id }) => !id.endsWith(".outcome"));
    expect(JSON.stringify(await store.list("recording"))).not.toMatch(/word|buy/u);
    expect((await replay({ store, key, strict: true }).summary()).same).toBe(2);
    const [first, second] = rows;
    const moved = { kind: "recording", id: first?.id ?? "", expect: 1, body: second?.body ?? null } as const;
    expect((await store.commit([moved])).ok).toBe(true);
    expect((await replay({ store, key }).summary()).notReplayable).toEqual({ encrypted: 1 });
  });

  it("refuses settings that make no sense", async () => {
    const bad = [{ keepMs: 0 }, { maxBytes: 1.5 }, { key: new Uint8Array(16) }, { redact: ["input.card"] }];
    for (const record of bad) await expect(open("default: allow", memoryStore(), { record })).rejects.toThrow("record");
  });
});

const SECRET = "s3cret-4111111111111111";
const CARD = { card: { number: SECRET, name: "Ann" }, notes: [{ text: `${SECRET}!` }, { text: "fine" }], amount: 5 };

describe("redaction", () => {
  const rules = (when: string) => `rules: [{ id: small, action: pay, when: '${when}', effect: allow }]`;
  const redact = ["/card/number", "/notes/*/text"];

  async function pay(store: Store, when: string, input: Json = CARD): Promise<Leash> {
    const keys = memoryKeyRing({ clock: { now: Date.now }, random: randomBytes });
    const leash = await open(rules(when), store, { keys });
    leash.register({ id: "pay", redact });
    await leash.attempt({ tool: "pay", input, ...RUN }, () => ({ paid: true }), { pause: "defer" });
    return leash;
  }

  it("A-S6: leaves no planted secret in any row or line, of a call that ran and of one that did not", async () => {
    for (const store of [memoryStore(), await sqliteStore({ file: join(await folder(), "s.db") })]) {
      const leash = await pay(store, "input.amount < 9");
      await leash.attempt({ tool: "pay", input: { ...CARD, amount: 50 } }, () => "ran");
      await leash.attempt({ tool: "pay", input: { ...CARD, amount: 6 } }, () => `paid with ${SECRET}`);
      const text = await everythingIn(store);
      expect(text).toContain('\\"name\\":\\"Ann\\"');
      expect(text).not.toContain(SECRET);
      expect(text).not.toContain("4111111111111111");
      await leash.close();
      await store.close();
    }
  });

  it("leaves nothing in facts that were asked about what is redacted", async () => {
    const store = memoryStore();
    const guarded = 'tools: { fetch: { allowed_hosts: ["*.invalid"], deny_private_ips: true, decision: allow } }';
    const leash = await open(guarded, store, { counterparty: () => `${SECRET}.invalid` });
    leash.register({ id: "fetch", redact: ["/url"] });
    await leash.attempt({ tool: "fetch", input: { url: `https://${SECRET}.invalid/` } }, () => "ran");
    const text = await everythingIn(store);
    expect(text).toContain("self:places");
    expect(text).not.toContain(SECRET);
    expect((await replay({ store }).summary()).notReplayable).toEqual({ redacted: 1 });
  });

  it("keeps a call replayable as long as no rule looks at what is redacted", async () => {
    const store = memoryStore();
    const top = await open("rules: [{ id: a, action: note, when: 'input.n < 9', effect: allow }]", store);
    top.register({ id: "note", redact: ["/secret"] });
    for (const n of [1, 10]) await top.attempt({ tool: "note", input: { n, secret: SECRET } }, () => "ran");
    await pay(store, 'input.amount < 9 && input.card.name == "Ann"');
    expect((await replay({ store, strict: true }).summary()).same).toBe(3);
    for (const when of [
      'input.card.number.startsWith("s3")',
      'input.notes.exists(n, n.text == "fine")',
      'has(input.card) && input.card.number != ""',
    ]) {
      const other = memoryStore();
      await pay(other, when);
      expect((await replay({ store: other, strict: true }).summary()).notReplayable, when).toEqual({ redacted: 1 });
    }
  });

  it("gives the same value the same keyed digest, and with another key another one", async () => {
    const [one, two] = [memoryStore(), memoryStore()];
    await pay(one, "true", { card: { number: SECRET }, notes: [{ text: SECRET }] });
    await pay(two, "true", { card: { number: SECRET }, notes: [] });
    const digestsIn = async (store: Store) =>
      [...JSON.stringify(await decisionsOf(store)).matchAll(/redacted\\":\\"([0-9a-f]{64})/gu)].map(
        ([, digest]) => digest,
      );
    const digests = await digestsIn(one);
    expect(digests).toHaveLength(2);
    expect(new Set(digests).size).toBe(1);
    expect(await digestsIn(two)).not.toContain(digests[0]);
  });

  it("keeps its key in the state folder, for its owner alone, and never in the store", async () => {
    const state = await folder();
    const first = await createLeash({ policy: { text: "leash: 1\ndefault: allow\n" }, state, notify: [] });
    opened.push(first);
    first.register({ id: "pay", redact: ["/card"] });
    expect(await readdir(state)).not.toContain("redaction.key");
    await first.guard({ tool: "pay", input: CARD }, () => "ran");
    const key = (await readFile(join(state, "redaction.key"), "utf8")).trim();
    expect(key).toMatch(/^[0-9a-f]{64}$/u);
    expect((await stat(join(state, "redaction.key"))).mode & 0o777).toBe(0o600);
    await first.close();
    expect(await readFile(join(state, "store.db"), "latin1")).not.toContain(key);
  });

  it("redacts everything where a pointer of a tool cannot be read, and takes those of the options, too", async () => {
    const store = memoryStore();
    const leash = await open("default: allow", store, { record: { redact: ["/notes"] } });
    leash.register({ id: "pay", redact: ["card.number"] });
    leash.register({ id: "note" });
    await leash.guard({ tool: "pay", input: CARD }, () => "ran");
    await leash.guard({ tool: "note", input: CARD }, () => "ran");
    const decisions = await decisionsOf(store);
    expect(decisions.map(({ action, redacted }) => `${action.tool}: ${redacted?.join(", ")}`).toSorted()).toEqual([
      "note: /notes",
      "pay: ",
    ]);
    expect((await replay({ store }).summary()).notReplayable).toEqual({ redacted: 1 });
  });
});
