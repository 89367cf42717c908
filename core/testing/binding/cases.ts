import assert from "node:assert/strict";
import type { AdapterBinding } from "./binding.ts";
import { problemsOf } from "./judge.ts";
import { play, type Played } from "./play.ts";
import { reference } from "./reference.ts";
import type { Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios.ts";

/** One scenario through one adapter. */
export interface BindingCase {
  readonly name: string;
  /** Why the host cannot play it; undefined where it can. */
  readonly leftOut: string | undefined;
  /** Empty where all is as it must be. */
  readonly problems: () => Promise<readonly string[]>;
  /**
   * The same as an assertion.
   * @throws {AssertionError} naming everything that differs.
   */
  readonly run: () => Promise<void>;
}

/**
 * What every adapter must do: the same call gives the same decision, digest, words and audit payload as core alone, and ends as
 * the scenario says.
 * @example
 * for (const { name, leftOut, run } of bindingCases(binding)) it.skipIf(leftOut !== undefined)(name, run);
 */
export function bindingCases(binding: AdapterBinding): readonly BindingCase[] {
  return SCENARIOS.map((scenario) => {
    const problems = async (): Promise<readonly string[]> =>
      problemsOf(scenario, await play(scenario, binding), await modelOf(scenario), binding);
    return asCase(scenario.name, leftOutBy(binding, scenario), problems);
  });
}

/**
 * With a leash that denies everything, no adapter runs any tool, whatever happens. It is this that fails first when a wrapper is
 * missing.
 * @example
 * for (const { name, leftOut, run } of denyAllCases(binding)) it.skipIf(leftOut !== undefined)(name, run);
 */
export function denyAllCases(binding: AdapterBinding): readonly BindingCase[] {
  return SCENARIOS.map((scenario) => {
    const problems = async (): Promise<readonly string[]> => {
      const { runs } = await play(scenario, binding, { answer: () => "deny", mode: "enforce" });
      return runs.map((input) => `ran ${input} although everything is denied`);
    };
    return asCase(`deny all: ${scenario.name}`, leftOutBy(binding, scenario), problems);
  });
}

function asCase(name: string, leftOut: string | undefined, problems: () => Promise<readonly string[]>): BindingCase {
  return {
    name,
    leftOut,
    problems,
    run: async () => {
      assert.deepEqual(await problems(), [], name);
    },
  };
}

function leftOutBy(binding: AdapterBinding, { needs }: Scenario): string | undefined {
  const missing = needs.find((feature) => binding.cannot[feature] !== undefined);
  if (missing !== undefined) return `${missing}: ${binding.cannot[missing]}`;
  return needs.includes("inner pause") && binding.pauseInside === undefined ? NO_INNER_PAUSE : undefined;
}

const NO_INNER_PAUSE = "inner pause: the host's tools have nothing to pause their turn with";

const models = new WeakMap<Scenario, Promise<Played>>();

/** Played once for all adapters. */
function modelOf(scenario: Scenario): Promise<Played> {
  const known = models.get(scenario) ?? play(scenario, reference);
  models.set(scenario, known);
  return known;
}
