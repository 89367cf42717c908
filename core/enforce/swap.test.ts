import { describe, expect, it } from "vitest";
import type { Run } from "../model/gate.ts";
import type { Leash } from "../model/leash.ts";
import { BUY, leashThatSays, settle } from "./leash.fixture.ts";

const SWAPPED = { tool: "reserve", input: { item: "tea", days: 1 } };
const swapping = { effect: "allow", transform: SWAPPED } as const;
const asking = { effect: "approve", transform: SWAPPED } as const;

/** Runs whichever tool the permit names. */
function recording(): { readonly ran: unknown[]; readonly run: Run<string> } {
  const ran: unknown[] = [];
  return {
    ran,
    run: (input, { tool }) => {
      ran.push({ tool, input });
      return `${tool} done`;
    },
  };
}

async function refOf(leash: Leash, run: Run<string>): Promise<string> {
  const outcome = await leash.attempt(BUY, run, { pause: "defer", swap: true });
  if (outcome.kind !== "pending") throw new Error(`The call is ${outcome.kind}.`);
  return outcome.error.ref;
}

const CHANGED = 'This call was changed before it ran: the tool is "reserve"; days is 1.';

describe("a call for which the policy put another tool", () => {
  it("I1: is refused by default: nothing ran, and the journal says so", async () => {
    const { leash, journal, log } = await leashThatSays(swapping);
    const { ran, run } = recording();
    const outcome = await leash.attempt(BUY, run);
    expect(outcome).toMatchObject({
      kind: "refused",
      text: "Denied by policy. Do not retry this call with the same arguments.",
      error: { code: "LEASH_DENIED", reasonCode: "policy_error" },
    });
    expect(ran).toEqual([]);
    expect(await journal()).toMatchObject([{ state: "failed", tool: "reserve", failure: { effect: "none" } }]);
    expect((await log()).at(-1)).toMatchObject({ type: "failed", detail: "effect none" });
  });

  it.each([undefined, false, "yes", 1])("I4: is refused with `swap: %j`", async (swap) => {
    const { leash } = await leashThatSays(swapping);
    const { ran, run } = recording();
    expect((await leash.attempt(BUY, run, { swap: swap as never })).kind).toBe("refused");
    expect(ran).toEqual([]);
  });

  it("asks nobody about what could not run whatever they say", async () => {
    const { leash } = await leashThatSays({ ...swapping, effect: "approve" });
    const { ran, run } = recording();
    expect((await leash.attempt(BUY, run, { pause: "defer" })).kind).toBe("refused");
    expect([await leash.desk({ id: "ann" }).pending(), ran]).toEqual([[], []]);
  });

  it("I1: runs as the other tool with its input where `run` says that it can", async () => {
    const { leash, journal } = await leashThatSays(swapping);
    const { ran, run } = recording();
    expect(await leash.attempt(BUY, run, { swap: true })).toEqual({
      kind: "result",
      result: "reserve done",
      notice: CHANGED,
    });
    expect(ran).toEqual([SWAPPED]);
    expect(await journal()).toMatchObject([{ state: "done", tool: "reserve" }]);
  });

  it("runs by default where only the input was changed", async () => {
    const input = { item: "water" };
    const { leash } = await leashThatSays({ effect: "allow", transform: { tool: "buy", input } });
    const { ran, run } = recording();
    await leash.attempt(BUY, run);
    expect(ran).toEqual([{ tool: "buy", input }]);
  });

  it("I4: is denied where the other tool is not registered, whatever `run` can do", async () => {
    const { leash } = await leashThatSays({ effect: "allow", transform: { tool: "steal", input: {} } });
    const { ran, run } = recording();
    const outcome = await leash.attempt(BUY, run, { swap: true });
    expect(outcome).toMatchObject({ kind: "refused", error: { code: "LEASH_TOOL_UNKNOWN" } });
    expect(ran).toEqual([]);
  });

  it("I12: is the original call in observe mode, with `swap` or without", async () => {
    const { leash } = await leashThatSays(swapping, { mode: "observe" });
    const { ran, run } = recording();
    await leash.attempt(BUY, run);
    await leash.attempt(BUY, run, { swap: true });
    const original = { tool: BUY.tool, input: BUY.input };
    expect(ran).toEqual([original, original]);
  });
});

describe("a call for which a person approved another tool", () => {
  it("I1: is refused when it is made again by what runs the proposed tool only", async () => {
    const { leash, journal } = await leashThatSays(asking);
    const { ran, run } = recording();
    await refOf(leash, run);
    await settle(leash, "approve");
    expect((await leash.attempt(BUY, run, { pause: "defer" })).kind).toBe("refused");
    expect(ran).toEqual([]);
    expect(await journal()).toMatchObject([{ state: "failed", failure: { effect: "none" } }]);
  });

  it("I2: runs once as the other tool when it is made again with `swap`", async () => {
    const { leash } = await leashThatSays(asking);
    const { ran, run } = recording();
    await refOf(leash, run);
    await settle(leash, "approve");
    const done = { kind: "result", result: "reserve done", notice: CHANGED };
    expect(await leash.attempt(BUY, run, { pause: "defer", swap: true })).toEqual(done);
    expect(await leash.attempt(BUY, run, { pause: "defer", swap: true })).toEqual(done);
    expect(ran).toEqual([SWAPPED]);
  });

  it("I1: is collected as the tool that the person saw, which is the one that the deferred call names", async () => {
    const { leash } = await leashThatSays(asking);
    const { ran, run } = recording();
    const ref = await refOf(leash, run);
    await settle(leash, "approve");
    expect(await leash.deferred(ref)).toMatchObject({ tool: "reserve", status: "approved" });
    const outcome = await leash.attemptDeferred(ref, run, { swap: true });
    expect(outcome).toEqual({ kind: "result", result: "reserve done", notice: CHANGED });
    expect(ran).toEqual([SWAPPED]);
  });
});
