import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createLeash,
  type Leash,
  memoryKeyRing,
  memoryStore,
  type Policy,
  replay,
  sqliteStore,
  type Store,
} from "../../core/index.ts";
import { fakeClock } from "../../core/testing/clock.ts";
import { draw, type Draw } from "../differential/draw.ts";
import { load } from "../differential/engine.ts";
import { call as drawCall, layers } from "../differential/generate.ts";
import { type Call, USUAL } from "../differential/language.ts";
import { oracle } from "../differential/oracle.ts";
import {
  document,
  effect,
  INPUT,
  loadSample,
  numbered,
  type Sample,
  type Target,
  target,
} from "../differential/policies.ts";

const CALLS = 12;

/** Random calls on one leash, some of them by narrowed children, some at once; and whatever was decided. */
async function makeCalls(random: Draw, store: Store, clock: ReturnType<typeof fakeClock>): Promise<void> {
  const documents = layers(random);
  const policy = load(documents);
  const added = random.chance(0.5) ? load(layers(random)) : undefined;
  let stated: string | undefined;
  const leash = await createLeash({
    policy,
    store,
    clock,
    random,
    notify: [],
    keys: memoryKeyRing({ clock, random }),
    obligations: handlersOf(policy, added),
    counterparty: () => stated,
  });
  const calls = Array.from({ length: CALLS }, () => drawCall(random, documents));
  for (const each of calls) register(leash, each, random);
  const child = leash.narrow({
    agent: "child",
    ...(added !== undefined && { policy: added }),
    ...(random.chance(0.2) && { tools: calls.slice(0, 6).map(({ tool }) => tool) }),
    ...(random.chance(0.3) && { asks: false }),
  });
  for (const each of calls) {
    stated = each.counterparty;
    const gate = random.chance(0.3) ? child : leash.as(principalOf(each));
    const once = attempt(gate, each);
    await (random.chance(0.2) ? Promise.all([once, attempt(gate, each)]) : once);
    clock.advance(random.integer(3) === 0 ? 3_600_000 : 1_000);
  }
  await leash.close();
}

const principalOf = ({ agent = USUAL.agent, subject = USUAL.subject }: Call) => ({ agent, subject });

function attempt(gate: Leash, { input, session, tool }: Call): Promise<unknown> {
  const call = { tool, input, ...(session !== undefined && { session }) };
  return gate.attempt(call, () => "ran", { pause: "defer" });
}

/** The first call of a tool says what the tool is; some tools nobody registers. */
function register(leash: Leash, { aliases = [], idempotent, registered, sideEffect, tool }: Call, random: Draw): void {
  if (tool === "unheard" || random.chance(0.02)) return;
  try {
    leash.register({
      id: tool,
      aliases,
      counterparty: registered ?? null,
      sideEffect: sideEffect ?? USUAL.sideEffect,
      idempotent: idempotent ?? USUAL.idempotent,
    });
  } catch {
    // It is registered otherwise already.
  }
}

function handlersOf(...policies: readonly (Policy | undefined)[]): Record<string, () => void> {
  const types = policies.flatMap((policy) => policy?.requires?.obligations ?? []);
  return Object.fromEntries(types.map((type) => [type, () => undefined]));
}

const SEEDS = Array.from({ length: 30 }, (_unused, index) => 7_000 + index);

describe("a strict replay of what was just decided", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "leash-replay-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const reached = new Map<string, number>();

  async function expectNoDifference(seed: number, store: Store, clock: ReturnType<typeof fakeClock>): Promise<void> {
    await makeCalls(draw(seed), store, clock);
    for await (const call of replay({ store, strict: true })) {
      reached.set(call.result, (reached.get(call.result) ?? 0) + 1);
      if (call.result === "same") {
        reached.set(call.was.effect, (reached.get(call.was.effect) ?? 0) + 1);
        reached.set(call.was.reasonCode, (reached.get(call.was.reasonCode) ?? 0) + 1);
      }
      const isSame = call.result === "same" || (call.result === "not_replayable" && call.why === "not_sealed");
      expect(isSame, `seed ${seed}: ${JSON.stringify(call)}`).toBe(true);
    }
  }

  it("never differs, in memory, whatever policies, children and limits decided", { timeout: 120_000 }, async () => {
    for (const seed of SEEDS) {
      const clock = fakeClock(1_700_000_000_000);
      await expectNoDifference(seed, memoryStore({ clock }), clock);
    }
    for (const name of [
      "allow",
      "approve",
      "step_up",
      "deny",
      "limit",
      "narrowed",
      "tool_unknown",
      "rule",
      "default",
    ]) {
      expect(reached.get(name) ?? 0, name).toBeGreaterThan(0);
    }
  });

  it("never differs over SQLite either", { timeout: 120_000 }, async () => {
    for (const seed of SEEDS.slice(0, 6)) {
      const clock = fakeClock(1_700_000_000_000);
      const store = await sqliteStore({ file: join(folder, `${seed}.db`), clock });
      await expectNoDifference(seed + 500, store, clock);
      await store.close();
    }
  });
});

/** The answers that a plain reading of both documents gives, where they are not the same. */
const flipped = (before: Sample, after: Sample, calls: readonly Target[]): readonly string[] =>
  calls.flatMap((each) => {
    const [was, now] = [before, after].map((one) => oracle([numbered(one)], { ...each, input: INPUT }).effect);
    return was === now ? [] : [`${each.tool} ${was} ${now}`];
  });

describe("a replay by a policy of which one rule was edited", () => {
  it("lists exactly the flips that a plain reading of both policies predicts", { timeout: 120_000 }, async () => {
    const kinds = new Set<string>();
    const edited = document.chain((before) =>
      fc.tuple(fc.constant(before), fc.nat({ max: Math.max(0, before.rules.length - 1) }), effect, fc.boolean()),
    );
    await fc.assert(
      fc.asyncProperty(
        edited,
        fc.array(target, { minLength: 4, maxLength: 8 }),
        async ([before, place, other, removed], targets) => {
          const rules = before.rules.flatMap((rule, index) =>
            index !== place ? [rule] : removed ? [] : [{ ...rule, effect: other }],
          );
          const after = { ...before, rules };
          // A tool is what its first call says.
          const tools = [...new Map(targets.map((each) => [each.tool, each])).values()];
          const store = memoryStore();
          const leash = await createLeash({ policy: loadSample(before), store, notify: [] });
          for (const { aliases = [], tool } of tools) leash.register({ id: tool, aliases });
          for (const { tool } of tools) await leash.attempt({ tool, input: INPUT }, () => "ran", { pause: "defer" });
          const { flips, replayed } = await replay({ store, policy: loadSample(after) }).summary();
          await leash.close();
          expect(replayed).toBe(tools.length);
          for (const { flip } of flips) kinds.add(flip);
          const found = flips.map(({ now, tool, was }) => `${tool} ${was.effect} ${now.effect}`);
          expect(found.toSorted()).toEqual([...flipped(before, after, tools)].toSorted());
        },
      ),
      // Seeded: that every kind of flip was met is a claim about these very policies.
      { numRuns: 100, seed: 5 },
    );
    expect([...kinds]).toEqual(expect.arrayContaining(["deny_to_allow", "allow_to_deny", "ask_to_allow"]));
  });
});
