import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import type { Approval } from "../../model/approval.ts";
import type { BindingHost, ProposedCall, TurnEnding, TurnOptions } from "./binding.ts";
import type { Ending } from "./scenario.ts";
import type { World } from "./world.ts";

/** What a story can do: let the model propose, let people answer, let things go wrong. */
export interface Stage {
  readonly world: World;
  readonly host: () => BindingHost;
  /** One turn, brought to its end whatever it takes: deferred calls are collected, suspended ones resumed, all once answered. */
  play(calls: readonly ProposedCall[], options?: TurnOptions): Promise<readonly Ending[]>;
  /** Brings what a turn came to its end. */
  finish(turn: TurnEnding, count: number): Promise<readonly Ending[]>;
  /** Waits until a person was asked; undefined when the work ends without one. */
  asked(work: Promise<unknown>): Promise<Approval | undefined>;
  /** Waits until no approval is open any more. */
  answered(): Promise<void>;
  /** After as long as nothing here should take. */
  outOfPatience(): Promise<undefined>;
}

export function createStage(world: World): Stage {
  const answered = async (): Promise<void> => {
    const desk = world.desk("observer");
    for (;;) {
      for (const { id } of world.asked) {
        const { status } = await desk.wait(id, { signal: AbortSignal.timeout(PATIENCE_MS) });
        assert.notEqual(status, "pending", "an approval is never answered");
      }
      // An edit opens another one.
      if ((await desk.pending()).length === 0) return;
      await soon();
    }
  };
  const finish = async (turn: TurnEnding, count: number): Promise<readonly Ending[]> => {
    let current = turn;
    for (let round = 0; current.kind === "suspended"; round += 1) {
      assert.ok(round < MOST_ROUNDS, "the turn is suspended again and again");
      await answered();
      current = await world.host().resume(current.suspension, {});
    }
    const endings: Ending[] = [];
    for (const { text } of current.calls) endings.push({ kind: "told", text: await collected(world, text, answered) });
    assert.equal(endings.length, count, "every call has exactly one ending");
    return endings;
  };
  return {
    world,
    host: world.host,
    finish,
    answered,
    outOfPatience: () => setTimeout(PATIENCE_MS, undefined, { ref: false }),
    async play(calls, options = {}) {
      world.begin();
      return orThrown(calls.length, async () => finish(await world.host().turn(calls, options), calls.length));
    },
    async asked(work) {
      const over = work.then(
        () => true,
        () => true,
      );
      while (world.asked.length === 0) {
        if (await Promise.race([over, soon()])) break;
      }
      return world.asked[0];
    },
  };
}

const MOST_ROUNDS = 10;
const PATIENCE_MS = 4_000;

/** What a loop throws is what each of its calls came to. */
export async function orThrown(count: number, work: () => Promise<readonly Ending[]>): Promise<readonly Ending[]> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    return Array.from({ length: count }, () => ({ kind: "threw" as const, text: String(error) }));
  }
}

/** Follows a deferred call to its end, as a patient model does. */
async function collected(world: World, text: string, answered: () => Promise<void>): Promise<string> {
  const ref = /^Waiting for a person, ref ([0-9A-Z]+)\./.exec(text)?.[1];
  // Whoever was to hold or to suspend must not have deferred.
  if (ref === undefined || world.setting.pause !== "defer") return text;
  let words = text;
  for (let round = 0; /^(?:Waiting|Still waiting) for a person/.test(words); round += 1) {
    assert.ok(round < MOST_ROUNDS, "the deferred call is never settled");
    await answered();
    words = await world.host().status(ref);
  }
  return words;
}

/** A moment, which is not the end of anything. */
export function soon(): Promise<false> {
  return setTimeout(2, false);
}
