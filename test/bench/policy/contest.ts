import { seededRandom } from "@leashkit/core/testing";
import { measure, shuffled, type Measured } from "../measure.ts";
import { type Engine, type Maker, verify } from "./engine.ts";
import { makeRules } from "./rules.ts";
import { makeTraffic, REQUESTS } from "./traffic.ts";
import { warmUp } from "./warm-up.ts";

/** An engine that gave the right answer to each of its requests, and how many of its calls fill a round. */
export interface Contestant {
  readonly maker: Maker;
  readonly engine: Engine;
  readonly rules: number;
  readonly requests: number;
  /** 0 until it is warm. */
  readonly calls: number;
  /** Milliseconds from rules to an engine that can decide, with the requests in its form. */
  readonly builtMs: number;
}

/** Rules times requests that an engine which tries all of them gets at most: checking every answer takes time, too. */
const MOST_TRIALS = 1_000_000;

/** Builds every engine for so many rules and has it answer all of its requests. Each of them must be closed. */
export async function prepare(
  makers: readonly Maker[],
  rules: number,
  seed: number,
  most = REQUESTS,
): Promise<readonly Contestant[]> {
  const list = makeRules(rules);
  const traffic = makeTraffic(list, seed, most);
  const contestants: Contestant[] = [];
  try {
    for (const maker of makers) {
      const requests = maker.scans ? traffic.slice(0, MOST_TRIALS / rules) : traffic;
      const start = performance.now();
      const engine = await maker.make(list, requests);
      const builtMs = performance.now() - start;
      contestants.push({ maker, engine, rules, requests: requests.length, calls: 0, builtMs });
      await verify(engine, requests);
    }
    return contestants;
  } catch (error) {
    closeAll(contestants);
    throw error;
  }
}

export function closeAll(contestants: readonly Contestant[]): void {
  for (const { engine } of contestants) engine.close?.();
}

/**
 * Times that a round goes through all requests, where an engine is quick enough for that. The engine before it emptied the
 * processor's caches; a round that ends before the second time through measures memory, and nothing of the engine.
 */
const LAPS = 4;

/** The same, warm, and with as many calls a round as fill milliseconds. */
export async function warm(contestant: Contestant): Promise<Contestant> {
  const { engine, maker, requests } = contestant;
  const fitting = await warmUp(engine);
  return { ...contestant, calls: maker.scans ? fitting : Math.max(fitting, LAPS * requests) };
}

/** Measures them against one another. */
export function compete(
  contestants: readonly Contestant[],
  { seed, budgetMs, nameOf = ({ maker }) => maker.name }: CompeteOptions,
): Promise<readonly Measured[]> {
  const random = seededRandom(seed);
  return measure(
    contestants.map((contestant) => ({
      name: nameOf(contestant),
      calls: contestant.calls,
      run: (calls) => contestant.engine.run(calls),
    })),
    { rounds: 25, budgetMs, shuffle: (list) => shuffled(list, random) },
  );
}

export interface CompeteOptions {
  readonly seed: number;
  readonly budgetMs: number;
  /** Default: the maker's name. */
  readonly nameOf?: (contestant: Contestant) => string;
}
