import { isDeepStrictEqual } from "node:util";
import type { AdapterBinding } from "./binding.ts";
import type { Played } from "./play.ts";
import type { Ending, Expected, Scenario } from "./scenario.ts";
import { SHOP_CLOSED } from "./tools.ts";

/** What is wrong with how a scenario went, against its own words and against core alone; empty where nothing is. */
export function problemsOf(
  scenario: Scenario,
  played: Played,
  model: Played,
  binding: AdapterBinding,
): readonly string[] {
  return [
    ...wrongRuns(scenario, played),
    ...scenario.ends.flatMap((expected, index) =>
      wrongEnding(expected, played.endings[index], model.endings[index], binding),
    ),
    ...(scenario.says ?? []).flatMap((words, index) => unsaid(binding.rendered(words), played.endings[index])),
    ...wrongRecords(scenario, played, model),
  ];
}

function wrongRuns({ runs, never }: Scenario, played: Played): readonly string[] {
  const allowed = typeof runs === "number" ? [runs] : runs;
  const seen = played.runs.filter((input) => never?.(input) === true);
  return [
    ...(allowed.includes(played.runs.length) ? [] : [`ran ${played.runs.length} times, not ${allowed.join(" or ")}`]),
    ...seen.map((input) => `ran with ${input}`),
  ];
}

function wrongEnding(
  expected: Expected,
  ending: Ending | undefined,
  model: Ending | undefined,
  binding: AdapterBinding,
): readonly string[] {
  if (ending === undefined) return ["a call has no ending"];
  const words = JSON.stringify(ending.text);
  if (expected === "anything") return [];
  if (expected === "nothing") return isResult(ending) ? [`gave a result: ${words}`] : [];
  if (expected === "error") return ending.text.includes(SHOP_CLOSED) ? [] : [`lost the tool's error: ${words}`];
  if (expected === "refused" && isResult(ending)) return [`gave a result: ${words}`];
  return isSaid(ending, model, binding) ? [] : [`said ${words}, not ${JSON.stringify(model?.text)}`];
}

function unsaid(words: string, ending: Ending | undefined): readonly string[] {
  const text = ending?.text ?? "";
  return text.startsWith(words)
    ? []
    : [`said ${JSON.stringify(text)}, which does not begin with ${JSON.stringify(words)}`];
}

/** Also behind a notice, as hosts show its blank line. */
function isResult({ kind, text }: Ending): boolean {
  return kind === "told" && /(?:^|\n|\\n)(?:bought|rented) /.test(text);
}

/** The very words of core alone, as this host shows them. */
function isSaid(ending: Ending, model: Ending | undefined, binding: AdapterBinding): boolean {
  return model !== undefined && ending.kind === model.kind && ending.text === binding.rendered(model.text);
}

function wrongRecords({ records }: Scenario, played: Played, model: Played): readonly string[] {
  if (records === "the host's own") return [];
  const order = (lines: readonly string[]): readonly string[] => {
    if (records === "same") return lines;
    return (records === "same set" ? lines : [...new Set(lines)]).toSorted();
  };
  const [ours, theirs] = [order(played.payloads), order(model.payloads)];
  const first = theirs.findIndex((line, index) => line !== ours[index]);
  return [
    ...(isDeepStrictEqual(ours, theirs)
      ? []
      : [`other records from line ${first}: ${ours[first]} instead of ${theirs[first]}`]),
    ...(isDeepStrictEqual(order(played.approvals), order(model.approvals)) ? [] : ["people saw something else"]),
    ...(isDeepStrictEqual(order(played.runs), order(model.runs)) ? [] : ["the tools got something else"]),
  ];
}
