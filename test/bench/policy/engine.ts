import type { Rule } from "./rules.ts";
import type { Request } from "./traffic.ts";

/** What was decided and by which rule, such as `allow svc3-pay`; null where no rule matched and the default denies. */
export type Answer = string | null;

export function answer(effect: "allow" | "deny", id: string): Answer {
  return `${effect} ${id}`;
}

/** The right answer to a request for which this rule matches, or none. */
export function answerBy(rule: Rule | undefined): Answer {
  return rule === undefined ? null : answer(rule.kind === "any" ? "deny" : "allow", rule.id);
}

/** A policy engine with the rules in it and the requests in the form it likes best, both made before anything is measured. */
export interface Engine {
  readonly name: string;
  /** What it answers to each of its requests, in order. */
  answers(): readonly Answer[] | Promise<readonly Answer[]>;
  /** Decides so many requests, going on where the last round ended, and round and round. */
  run(calls: number): void | Promise<void>;
  /** Gives up what it holds beside memory. */
  close?(): void;
}

/** One way to decide, ready to be built for a number of rules. */
export interface Maker {
  readonly name: string;
  /** What a reader must know about its form, beside that it gives the right answers. */
  readonly form: string;
  /** True where the time for a decision grows with the number of rules: such an engine gets fewer requests of a large policy. */
  readonly scans: boolean;
  /**
   * Whose this is. `ours`; `peer`: in the form that its own documents recommend; `aided`: an evaluator of conditions behind a
   * tool index as we have it, which no product offers.
   */
  readonly role: "ours" | "peer" | "aided";
  make(rules: readonly Rule[], requests: readonly Request[]): Engine | Promise<Engine>;
}

/**
 * An engine in this process. Every one of them is called through this one loop, which for that very reason the compiler cannot
 * tailor to any of them, nor leave a call out whose result nobody reads.
 */
export function inProcess<Prepared, Native>(
  name: string,
  prepared: readonly Prepared[],
  decide: (request: Prepared) => Native,
  answerOf: (native: Native) => Answer,
): Engine {
  let next = 0;
  return {
    name,
    answers: () => prepared.map((request) => answerOf(decide(request))),
    run(calls) {
      for (let call = 0; call < calls; call += 1) {
        const request = prepared[next];
        if (request !== undefined) decide(request);
        next = next + 1 < prepared.length ? next + 1 : 0;
      }
    },
  };
}

/** A candidate that answers wrongly is not measured: its time would say nothing. */
export class WrongAnswer extends Error {
  override readonly name = "WrongAnswer";
}

/**
 * Has the engine answer every one of its requests.
 * @throws {WrongAnswer} naming the first request that is decided otherwise, or by another rule.
 */
export async function verify(engine: Engine, requests: readonly Request[]): Promise<void> {
  const answers = await engine.answers();
  if (answers.length !== requests.length) {
    throw new WrongAnswer(`${engine.name} gives ${answers.length} answers to ${requests.length} requests.`);
  }
  for (const [index, request] of requests.entries()) {
    const wanted = answerBy(request.rule);
    if (answers[index] === wanted) continue;
    const call = `${request.tool} ${JSON.stringify(request.input)}`;
    throw new WrongAnswer(`${engine.name}: request ${index}, ${call}, is answered ${answers[index]}, not ${wanted}.`);
  }
}
