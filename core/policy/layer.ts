import type { Decision } from "../model/decision.ts";
import { atLeast } from "../model/effect.ts";
import type { CompiledRule } from "./compile-entries.ts";
import type { ComputeForm } from "./language/compute.ts";
import { Members } from "./members.ts";
import { runProgram, UNSURE } from "./program.ts";
import type { Portion } from "./tool-index.ts";
import type { CallView } from "./view.ts";

/** What one document says of a call. */
export interface LayerAnswer {
  /** Its answer; null for none. */
  readonly decision: Decision | null;
  /** False where only asks that could not be decided speak: they raise what other documents say, and say nothing themselves. */
  readonly answers: boolean;
  /** True where a rule that is true or the tool's own entry answers, and not just the default. */
  readonly speaks: boolean;
  /** How the rules that were found true compute the safe form. */
  readonly computes: readonly ComputeForm[];
  /** The answers of all rules that count, for their obligations. */
  readonly heard: readonly Decision[];
  /** True where nothing is computed and nothing demanded beside the effect. */
  readonly isPlain: boolean;
  /** What counts where a narrower document speaks: this without what may be overridden. Absent: this itself. */
  readonly firm?: LayerAnswer;
}

const NOTHING: readonly never[] = Object.freeze([]);

/** An answer that a rule or an entry gives. */
export function spoken(decision: Decision, compute: ComputeForm | undefined): LayerAnswer {
  const computes = compute === undefined ? NOTHING : Object.freeze([compute]);
  const heard = decision.obligations.length === 0 ? NOTHING : Object.freeze([decision]);
  const isPlain = computes.length === 0 && heard.length === 0;
  return Object.freeze({ decision, answers: true, speaks: true, computes, heard, isPlain });
}

/** What an ask that could not be decided adds to an answer. */
export function unsure(decision: Decision): LayerAnswer {
  return Object.freeze({ ...spoken(decision, undefined), answers: false, speaks: false });
}

/** The default's answer, or none. */
export function silent(decision: Decision | null): LayerAnswer {
  const nothing = { computes: NOTHING, heard: NOTHING, isPlain: true };
  return Object.freeze({ decision, answers: decision !== null, speaks: false, ...nothing });
}

/** The stricter answer; the earlier one where both are equally strict. */
export function strictest(earlier: Decision | null, later: Decision | null): Decision | null {
  if (earlier === null) return later;
  return later === null || atLeast(earlier.effect, later.effect) ? earlier : later;
}

/** True, false, or undefined for unknown. */
export function holds({ holds: held }: CompiledRule, view: CallView): boolean | undefined {
  return held === undefined ? true : held(view);
}

/**
 * The answer of one document: every deny that is not false, first in the file first; then the first other rule that is true;
 * else the tool's own decision; else the default. A rule that asks and could not be decided (*unknown*) counts beside what was
 * found: the strictest of them is the answer. An unknown allow counts for nothing.
 */
export function answerOf(portion: Portion, view: CallView): LayerAnswer {
  if (portion.ordered !== undefined) return firstMatch(portion.ordered, portion, view);
  if (portion.overridable) return answerWithOverridable(portion, view);
  const found = runProgram(portion.program, 0, Members.of(view.action), view);
  return found === UNSURE ? answerWithUnsure(portion, view) : (found ?? portion.otherwise);
}

/** The same, rule by rule, where asks that could not be decided count beside what was found. */
function answerWithUnsure(portion: Portion, view: CallView): LayerAnswer {
  const kept: LayerAnswer[] = [];
  for (const rule of portion.others) {
    const held = holds(rule, view);
    if (held === true) return [...kept, rule.whenTrue].reduce(joined);
    if (held === undefined && rule.effect !== "allow") kept.push(rule.whenUnknown);
  }
  return [...kept, portion.otherwise].reduce(joined);
}

/** The first rule that holds answers, whatever its effect. A deny on the way that could not be decided refuses all the same. */
function firstMatch(rules: readonly CompiledRule[], portion: Portion, view: CallView): LayerAnswer {
  let kept: LayerAnswer | undefined;
  for (const rule of rules) {
    const held = holds(rule, view);
    if (held === false || (held === undefined && rule.effect === "allow")) continue;
    const said = held === true ? rule.whenTrue : rule.whenUnknown;
    const answers = held === true || rule.effect === "deny";
    const all = kept === undefined ? said : joined(kept, said);
    if (answers) return all;
    kept = all;
  }
  return kept === undefined ? portion.otherwise : joined(kept, portion.otherwise);
}

/** Both count: the strictest is the answer, and what either demands beside it stays. */
function joined(earlier: LayerAnswer, later: LayerAnswer): LayerAnswer {
  return {
    decision: strictest(earlier.decision, later.decision),
    answers: earlier.answers || later.answers,
    speaks: earlier.speaks || later.speaks,
    computes: [...earlier.computes, ...later.computes],
    heard: [...earlier.heard, ...later.heard],
    isPlain: earlier.isPlain && later.isPlain,
  };
}

/**
 * The same where rules may be overridden. One that is plainly true steps back where a narrower document speaks, and hides none
 * of this document's firm rules. One that is unknown is as firm as any: not knowing never hands a decision on.
 */
function answerWithOverridable(portion: Portion, view: CallView): LayerAnswer {
  const denies = portion.denies.map((rule) => [rule, holds(rule, view)] as const);
  const [deny] = denies.filter(([rule, held]) => held === undefined || (held && !rule.overridable));
  if (deny !== undefined) return deny[1] === true ? deny[0].whenTrue : deny[0].whenUnknown;
  const others = portion.others.map((rule) => [rule, holds(rule, view)] as const);
  const first = others.findIndex(([, held]) => held === true);
  const found = denies.find(([, held]) => held)?.[0] ?? others[first]?.[0];
  const keptUntil = (end: number): readonly LayerAnswer[] =>
    others
      .slice(0, end)
      .filter(([rule, held]) => held === undefined && rule.effect !== "allow")
      .map(([rule]) => rule.whenUnknown);
  if (found?.overridable !== true) {
    const end = first === -1 ? others.length : first;
    const otherwise = found?.whenTrue ?? portion.otherwise;
    return together([...keptUntil(end), otherwise]) ?? otherwise;
  }
  const firm = others.findIndex(([rule, held]) => held === true && !rule.overridable);
  const kept = keptUntil(firm === -1 ? others.length : firm);
  const under = together([...kept, ...(others[firm] === undefined ? [] : [others[firm][0].whenTrue])]);
  const alone = under === undefined ? found.whenTrue : joined(found.whenTrue, under);
  return { ...alone, firm: under ?? NONE };
}

const NONE = silent(null);

function together([first, ...rest]: readonly LayerAnswer[]): LayerAnswer | undefined {
  return first === undefined ? undefined : rest.reduce(joined, first);
}
