import { seededRandom } from "@leashkit/core/testing";
import { parseDocument } from "yaml";
import { PolicyInvalid } from "../../../core/errors.ts";
import { loadPolicy } from "../../../core/policy/index.ts";
import { measure, ratio, shuffled } from "../measure.ts";
import { policyText } from "./ours.ts";
import { makeRules } from "./rules.ts";

/** What it costs to make a text ready to decide, beside what the YAML library alone takes to parse the same text. */
export interface Loading {
  readonly rules: number;
  readonly kibibytes: number;
  /** Milliseconds, median and first quartile. */
  readonly load: readonly [median: number, p25: number];
  readonly parse: readonly [median: number, p25: number];
  readonly times: number;
}

/** Rounds that are thrown away. */
const WARM_UP = 1;

export async function measureLoading(
  rules: number,
  { rounds, budgetMs, seed }: { readonly rounds: number; readonly budgetMs: number; readonly seed: number },
): Promise<Loading> {
  // Loaded only once each: what a loader remembers of one text must not help it with the next.
  const texts = Array.from({ length: WARM_UP + rounds }, (_, round) => policyText(makeRules(rules, round * rules)));
  refuseTypos(policyText(makeRules(rules)));
  const random = seededRandom(seed);
  const measured = await measure(
    [
      { name: "load", calls: 1, run: eachOnce(texts, loadPolicy) },
      { name: "parse", calls: 1, run: eachOnce(texts, parseDocument) },
    ],
    { rounds, warmUp: WARM_UP, budgetMs, shuffle: (list) => shuffled(list, random) },
  );
  const milliseconds = (wanted: string): readonly [number, number] => {
    const { median = Number.NaN, p25 = Number.NaN } = measured.find(({ name }) => name === wanted) ?? {};
    return [median / 1e6, p25 / 1e6];
  };
  return {
    rules,
    kibibytes: Buffer.byteLength(texts.join("")) / texts.length / 1024,
    load: milliseconds("load"),
    parse: milliseconds("parse"),
    times: ratio(measured, "load", "parse"),
  };
}

function eachOnce(texts: readonly string[], read: (text: string) => unknown): () => void {
  const left = [...texts];
  return () => {
    const text = left.shift();
    if (text === undefined) throw new Error("There are fewer texts than rounds.");
    read(text);
  };
}

/** Slips of the pen in the last rule. A loader that puts work off until a rule is needed would not see them. */
const TYPOS: readonly (readonly [written: string, slip: string])[] = [
  ["effect: ", "efect: "],
  ["input.risk", "inptu.risk"],
  [" > ", " > > "],
];

/** @throws where the text still loads with a typo in its last rule. */
export function refuseTypos(text: string, load: (text: string) => unknown = loadPolicy): void {
  for (const [written, slip] of TYPOS) {
    const at = text.lastIndexOf(written);
    if (at === -1) throw new Error(`The policy's text has no ${JSON.stringify(written)}.`);
    const misspelt = `${text.slice(0, at)}${slip}${text.slice(at + written.length)}`;
    if (!isRefused(() => load(misspelt))) throw new Error(`A policy with ${JSON.stringify(slip)} in it loads.`);
  }
}

function isRefused(load: () => unknown): boolean {
  try {
    load();
    return false;
  } catch (error) {
    if (error instanceof PolicyInvalid) return true;
    throw error;
  }
}
