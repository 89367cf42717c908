import type { Policy } from "../../core/model/policy.ts";
import { draw } from "./draw.ts";
import { answerOf, ask, load } from "./engine.ts";
import { call, layers } from "./generate.ts";
import type { Answer, Call, Document } from "./language.ts";
import { oracle } from "./oracle.ts";
import { same } from "./oracle-conditions.ts";
import { type Path, shrink } from "./shrink.ts";

/** Calls for each policy: a policy costs far more to load than to ask. */
export const CALLS = 50;

/** A policy and a call that the two evaluators decide differently. */
export interface Difference {
  readonly layers: readonly Document[];
  readonly call: Call;
}

export interface Comparison {
  readonly cases: number;
  /** Seeds of policies that did not load, or of which some call was decided differently, each with what it is about. */
  readonly unloadable: readonly string[];
  readonly differences: readonly string[];
  /** How often something was reached, by its name. */
  readonly reached: ReadonlyMap<string, number>;
}

export interface Extent {
  /** The first policy's; the next policies have the next ones. */
  readonly seed: number;
  readonly cases: number;
  /** Epoch milliseconds. */
  readonly deadline: number;
}

/** Random policies and calls, decided by the engine and by the oracle. Differences are shrunk, the first ten of them. */
export function compare({ seed, cases: wanted, deadline }: Extent): Comparison {
  const reached = new Map<string, number>();
  const unloadable: string[] = [];
  const differences: string[] = [];
  const count = (name: string): unknown => reached.set(name, (reached.get(name) ?? 0) + 1);
  let cases = 0;
  for (let own = seed; cases < wanted && Date.now() < deadline; own += 1) {
    const random = draw(own);
    const documents = layers(random);
    const policy = loaded(documents);
    if (typeof policy === "string") unloadable.push(`seed ${own}: ${policy}`);
    for (let index = 0; index < CALLS && cases < wanted; index += 1) {
      cases += 1;
      const one = { layers: documents, call: call(random, documents) };
      if (typeof policy === "string") continue;
      const answer = answerOf(ask(policy, one.call));
      for (const name of namesOf(answer)) count(name);
      if (same({ ...answer }, { ...oracle(documents, one.call) })) continue;
      differences.push(
        `seed ${own}, call ${index}${differences.length < 10 ? `: ${describe(shrink(one, isNeeded, differs))}` : ""}`,
      );
    }
  }
  return { cases, unloadable, differences, reached };
}

function loaded(documents: readonly Document[]): Policy | string {
  try {
    return load(documents);
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)} ${JSON.stringify(documents)}`;
  }
}

/** True where both evaluators can decide and do not agree. */
export function differs({ layers: documents, call: asked }: Difference): boolean {
  if (documents.length === 0) return false;
  try {
    return !same({ ...answerOf(ask(load(documents), asked)) }, { ...oracle(documents, asked) });
  } catch {
    return false;
  }
}

/** A call has a tool and an input, and a case has layers and a call. */
function isNeeded([first, second, third]: Path): boolean {
  return (
    second === undefined || (first === "call" && third === undefined && ["tool", "input"].includes(String(second)))
  );
}

function describe(found: Difference): string {
  const engine = answerOf(ask(load(found.layers), found.call));
  const expected = oracle(found.layers, found.call);
  const members = (Object.keys(engine) as (keyof Answer)[]).filter((name) => !same(engine[name], expected[name]));
  const pairs = members.map(
    (name) => `${name} ${JSON.stringify(engine[name])} and not ${JSON.stringify(expected[name])}`,
  );
  return `${pairs.join(", ")} for ${JSON.stringify(found)}`;
}

function namesOf({ effect, reasonCode, transform, obligations, shadow, counterparty }: Answer): readonly string[] {
  return [
    `effect ${effect}`,
    `reason ${reasonCode}`,
    ...(transform === null ? [] : ["with a transform"]),
    ...(obligations.length === 0 ? [] : ["with obligations"]),
    ...(shadow === null ? [] : ["with a shadow"]),
    ...(counterparty === null ? [] : ["with a counterparty"]),
  ];
}
