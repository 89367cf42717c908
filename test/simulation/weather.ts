import type { SeededRandom } from "@leashkit/core/testing";

/** What may go wrong in one seed. Every seed has weather of its own: what is rare everywhere meets often somewhere. */
export interface Weather {
  /** Of 1,000 commits: written, and the answer is lost. */
  readonly lost: number;
  /** Of 1,000 store calls: refused before anything was done. */
  readonly refused: number;
  /** Of 1,000 commits: told of a conflict that there was not. */
  readonly conflict: number;
  /** Of 1,000 commits that change a row: somebody rewrites that row, unchanged, right before. */
  readonly touched: number;
  /** Of 1,000 messages between a process and its store: how many take up to three seconds, and up to fifty. */
  readonly slow: number;
  readonly stalled: number;
  /** Of 1,000 runs of a tool: how many end with their process. */
  readonly deaths: number;
  /** How likely each kind of trouble is among what happens; 0 is never. */
  readonly crash: number;
  readonly stop: number;
  readonly outage: number;
  readonly jump: number;
  readonly reload: number;
  readonly forgery: number;
  /** True where everybody sees at once that a process is gone; else only its lease tells. */
  readonly oneMachine: boolean;
}

export function drawWeather(random: SeededRandom): Weather {
  const maybe = (...values: readonly number[]): number => (random.integer(2) === 0 ? 0 : random.pick(values));
  return {
    lost: maybe(50, 150, 400),
    refused: maybe(10, 50, 150),
    conflict: maybe(20, 80),
    touched: maybe(20, 80),
    slow: maybe(20, 100),
    stalled: maybe(5, 20, 60),
    deaths: maybe(200, 500),
    crash: maybe(1, 3, 4),
    stop: maybe(1),
    outage: maybe(1, 2),
    jump: maybe(1, 2),
    reload: maybe(1, 3),
    forgery: maybe(2, 3),
    oneMachine: random.integer(2) === 0,
  };
}

/** Nothing goes wrong any more. */
export const CALM: Omit<Weather, "oneMachine"> = {
  lost: 0,
  refused: 0,
  conflict: 0,
  touched: 0,
  slow: 0,
  stalled: 0,
  deaths: 0,
  crash: 0,
  stop: 0,
  outage: 0,
  jump: 0,
  reload: 0,
  forgery: 0,
};
