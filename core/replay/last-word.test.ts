import { afterEach, describe, expect, it } from "vitest";
import { canonicalText } from "../canonical.ts";
import { sha256Hex } from "../digest.ts";
import { createLeash } from "../leash.ts";
import type { LeashOptions } from "../leash-options.ts";
import type { Leash } from "../model/leash.ts";
import type { DecisionRecording } from "../model/recording.ts";
import { loadPolicy } from "../policies.ts";
import { memoryStore } from "../store/memory.ts";
import type { Store } from "../store/store.ts";
import { fakeClock } from "../testing/clock.ts";
import { redrive } from "./redrive.ts";
import { replay } from "./replay.ts";
import { readRun } from "./run.ts";

const opened: Leash[] = [];
afterEach(async () => {
  for (const leash of opened.splice(0)) await leash.close();
});

async function open(rules: string, options: Partial<LeashOptions> & { readonly store: Store }): Promise<Leash> {
  const leash = await createLeash({ policy: { text: `leash: 1\n${rules}\n` }, notify: [], ...options });
  leash.register({ id: "pay" });
  opened.push(leash);
  return leash;
}

const START = Date.parse("2026-01-01T12:00:00.000Z");
const ASKING = "rules: [{ id: ask, action: pay, effect: approve }]";
const CALL = { tool: "pay", input: { amount: 50 }, scope: "run", callId: "1", session: "s1" };

/** A call that asks a person, who says yes a minute later. */
async function approvedAMinuteLater(): Promise<Store> {
  const clock = fakeClock(START);
  const store = memoryStore({ clock });
  const leash = await open(ASKING, { store, clock });
  await leash.attempt(CALL, () => "paid", { pause: "defer" });
  clock.advance(60_000);
  const desk = leash.desk({ id: "ann" });
  await desk.approve((await desk.pending())[0]?.id ?? "");
  expect((await leash.attempt(CALL, () => "paid", { pause: "defer" })).kind).toBe("result");
  return store;
}

const decisionsIn = async (store: Store): Promise<readonly DecisionRecording[]> =>
  (await store.list("recording"))
    .map(({ body }) => body as unknown as DecisionRecording)
    .filter(({ of }) => of === "decision");

describe("the decision that is made when a yes is used", () => {
  it("is recorded with the facts of that moment, and made again like the one that asked", async () => {
    const store = await approvedAMinuteLater();
    expect((await decisionsIn(store)).map(({ facts }) => facts.now - START)).toEqual([0, 60_000]);
    expect(await replay({ store, strict: true }).summary()).toMatchObject({ decisions: 2, same: 2, notReplayable: {} });
  });

  it("tells what another policy would have said by then", async () => {
    const store = await approvedAMinuteLater();
    const policy = await loadPolicy(
      "leash: 1\nrules: [{ id: ask, action: pay, when: 'now < timestamp(\"2026-01-01T12:00:30Z\")', effect: approve }]\n",
    );
    const { flips } = await replay({ store, policy }).summary();
    expect(flips.map(({ at, flip }) => [flip, at - START])).toEqual([["ask_to_deny", 60_000]]);
  });

  it("I10: is called tampered where it is not what the log says", async () => {
    const store = await approvedAMinuteLater();
    const [, row] = await store.list("recording");
    if (row === undefined) throw new Error("it is recorded");
    const body = JSON.parse(JSON.stringify(row.body).replace('"rule":"ask"', '"rule":"other"')) as typeof row.body;
    await store.commit([{ ...row, expect: row.version, body, by: row.by ?? null, dueAt: row.dueAt ?? null }]);
    expect(await replay({ store }).summary()).toMatchObject({ decisions: 2, same: 1, tampered: 1 });
  });

  it("counts once where the policy allowed the call at once, and not where nothing of it is kept", async () => {
    const store = memoryStore();
    await (await open("default: allow", { store })).guard(CALL, () => "paid");
    expect(await replay({ store, strict: true }).summary()).toMatchObject({ decisions: 1, same: 1 });
    const unrecorded = memoryStore();
    const leash = await open(ASKING, { store: unrecorded, record: false });
    await leash.attempt(CALL, () => "paid", { pause: "defer" });
    const desk = leash.desk({ id: "ann" });
    await desk.approve((await desk.pending())[0]?.id ?? "");
    await leash.attempt(CALL, () => "paid", { pause: "defer" });
    expect(await replay({ store: unrecorded }).summary()).toMatchObject({ decisions: 1, notReplayable: { gone: 1 } });
  });

  it("I6: is never another one on replay where an approver edited the call, whatever the original demands", async () => {
    const rules =
      "rules:\n  - { id: large, action: pay, when: input.amount > 100, effect: step_up, step_up: { methods: [totp] } }\n" +
      "  - { id: ask, action: pay, effect: approve, approval: { edit: self } }";
    for (const amount of [50, 500]) {
      const store = memoryStore();
      const leash = await open(rules, { store });
      await leash.attempt({ ...CALL, input: { amount } }, () => "paid", { pause: "defer" });
      const desk = leash.desk({ id: "ann", assurance: "step_up", method: "totp" });
      const [asked] = await desk.pending();
      await desk.edit(asked?.id ?? "", { amount: 40 });
      const [edited] = await desk.pending();
      await leash.desk({ id: "bob", assurance: "step_up", method: "totp" }).approve(edited?.id ?? "");
      await leash.attempt({ ...CALL, input: { amount } }, () => "paid", { pause: "defer" });
      const summary = await replay({ store, strict: true }).summary();
      expect(summary).toMatchObject({ differs: 0, tampered: 0, same: amount === 50 ? 2 : 1 });
    }
  });
});

describe("a call that is only observed", () => {
  const observed = async (store: Store) => open(ASKING, { store, mode: "observe" });

  it("has the digest of its output in the log, and what it gave in a recording", async () => {
    const store = memoryStore();
    const leash = await observed(store);
    await leash.guard(CALL, () => ({ receipt: 7 }));
    await leash.attempt({ ...CALL, callId: "2" }, () => Promise.reject(new TypeError("no")));
    const lines: Readonly<Record<string, unknown>>[] = [];
    for await (const line of leash.exportLog()) lines.push(JSON.parse(line) as (typeof lines)[number]);
    const ran = lines.filter(({ type }) => type === "executed" || type === "failed");
    expect(ran.map(({ output_ref: output, type }) => [type, output])).toEqual([
      ["executed", sha256Hex(canonicalText({ receipt: 7 }))],
      ["failed", undefined],
    ]);
    const { calls } = await readRun({ store, session: "s1" });
    expect(calls.map(({ answer }) => answer)).toEqual([
      { kind: "result", output: { receipt: 7 } },
      { kind: "failed", name: "TypeError" },
    ]);
  });

  it("I12: gives the host its own result, whatever cannot be recorded of it", async () => {
    const leash = await observed(memoryStore());
    const result = new Map([["a", 1]]);
    expect(await leash.guard(CALL, () => result)).toBe(result);
  });

  it("goes as it went under a policy that allows it, and otherwise under one that asks or changes it", async () => {
    const store = memoryStore();
    await (await observed(store)).guard(CALL, () => "paid");
    const run = await readRun({ store, session: "s1" });
    const under = async (rules: string) =>
      (await redrive(run, { store, policy: await loadPolicy(`leash: 1\n${rules}\n`) })).divergence?.why ?? null;
    expect(await under("default: allow")).toBeNull();
    expect(await under("default: deny")).toBe("decision");
    expect(await under(ASKING)).toBe("decision");
    expect(await under("rules: [{ id: less, action: pay, effect: compute, compute: { set: { amount: '10' } } }]")).toBe(
      "decision",
    );
  });
});
