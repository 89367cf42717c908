import type { SeededRandom } from "@leashkit/core/testing";
import { TOOL_NAMES, type ToolName } from "./policies.ts";
import type { Weather } from "./weather.ts";

/** What one seed is mostly about. Most that can happen needs several things to meet: everywhere that is rare, somewhere it is common. */
export interface Theme {
  /** Tools that are asked for, as often as they stand here. */
  readonly tools: readonly ToolName[];
  /** Calls that are wanted, each of them any number of times: at least, and at most. */
  readonly calls: readonly [least: number, most: number];
  /** Of 1,000 calls: made by a child agent. */
  readonly children: number;
  /** Of 1,000 calls: like an earlier one in all but what may differ under a standing yes. */
  readonly alike: number;
  /** Of 1,000 calls: known again when they are proposed again. */
  readonly durable: number;
  /** Of 1,000 yeses that may be standing ones: are. */
  readonly again: number;
  /** How likely each of these is among what happens; 0 is never. */
  readonly propose: number;
  readonly answer: number;
  readonly takeBack: number;
  readonly list: number;
  readonly settle: number;
  readonly doubt: number;
  readonly observe: number;
  /** How many things happen, at least. */
  readonly length: number;
  /** How long to wait between two things that happen. Milliseconds. */
  readonly gapsMs: readonly number[];
  /** What goes wrong more often than the weather would have it. */
  readonly weather: Partial<Weather>;
}

/** What every policy denies teaches little. */
const OFTEN = [...TOOL_NAMES, ...TOOL_NAMES.filter((name) => name !== "wipe")];

const MIXED: Theme = {
  tools: OFTEN,
  calls: [1, 3],
  children: 100,
  alike: 100,
  durable: 750,
  again: 600,
  propose: 6,
  answer: 8,
  takeBack: 1,
  list: 1,
  settle: 1,
  doubt: 0,
  observe: 0,
  length: 8,
  // Mostly next to nothing, so that they meet.
  gapsMs: [0, 0, 1, 1, 2, 5, 5, 20, 20, 200, 200, 2_000, 2_000, 12_000, 19_999, 31_000],
  weather: {},
};

const STANDING: Theme = {
  ...MIXED,
  tools: ["tell", "tell", "tell", "beep"],
  calls: [4, 7],
  children: 500,
  alike: 900,
  durable: 250,
  again: 900,
  propose: 12,
  answer: 14,
  takeBack: 4,
  list: 2,
  length: 22,
  gapsMs: [1, 5, 20, 20, 200, 200, 200, 2_000, 6_000, 12_000],
  weather: { crash: 1, stop: 0, outage: 0, reload: 2, refused: 0, stalled: 0, deaths: 0 },
};

const CUT_OFF: Theme = {
  ...MIXED,
  tools: ["pay", "note", "note", "sync", "ping", "ping", "tell", "hand"],
  settle: 7,
  doubt: 3,
  length: 14,
  gapsMs: [0, 1, 5, 20, 200, 200, 2_000, 2_000, 12_000, 31_000],
  weather: { deaths: 400, outage: 2, lost: 150, refused: 0 },
};

const CHILDREN: Theme = {
  ...MIXED,
  tools: ["note", "note", "ping", "ping", "sync", "hand", "wire", "pay", "beep"],
  calls: [2, 4],
  children: 800,
  alike: 400,
};

const OBSERVED: Theme = {
  ...MIXED,
  tools: [...OFTEN, "cap", "cap", "note", "ping", "ping"],
  children: 0,
  durable: 900,
  observe: 7,
  length: 12,
  weather: { refused: 0, crash: 1 },
};

const THEMES: readonly Theme[] = [
  MIXED,
  MIXED,
  STANDING,
  STANDING,
  STANDING,
  STANDING,
  CUT_OFF,
  CUT_OFF,
  CHILDREN,
  OBSERVED,
];

export function drawTheme(random: SeededRandom): Theme {
  return random.pick(THEMES);
}
