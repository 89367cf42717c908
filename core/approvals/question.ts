import type { AgainChoice } from "../model/allowance.ts";
import type { Approval } from "../model/approval.ts";
import type { Clock } from "../model/runtime.ts";
import { card } from "./display.ts";
import { ask, type Keyboard } from "./keyboard.ts";
import { count } from "./layout.ts";
import { choiceHelp, offered, readChoice, scopeInWords } from "./permitting.ts";
import { visible } from "./visible.ts";

/** How a person at a terminal is asked. */
export interface Questioning {
  readonly keyboard: Keyboard;
  readonly clock: Clock;
  readonly say: (text: string) => void;
}

/** What a person said: with `again` they permit calls like it, too, so many and for so long as they confirmed. */
export type Answer = { readonly verb: "approve"; readonly again?: Required<AgainChoice> } | { readonly verb: "deny" };

/**
 * Asks until there is a yes or a no; undefined when there will be none.
 * @param equal how many equal calls the answer is for besides.
 */
export async function answerTo(
  approval: Approval,
  equal: number,
  questioning: Questioning,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  const { keyboard, clock, say } = questioning;
  const also = equal === 0 ? "" : ` and ${count(equal, "equal call")}`;
  const keys = offered(approval) === undefined ? "y/n/?" : "y/n/a/?";
  const show = () => say(card(approval, { now: clock.now(), columns: keyboard.output.columns }));
  show();
  for (;;) {
    const line = (await ask(`Approve ${visible(approval.ref)}${also}? [${keys}] `, keyboard, signal))?.toLowerCase();
    if (line === undefined) return undefined;
    if (line === "y" || line === "yes") return { verb: "approve" };
    if (line === "n" || line === "no") return { verb: "deny" };
    const again = readChoice(line, approval);
    if (again === undefined) {
      if (line === "?") show();
      say(help(approval, also));
    } else if ("problem" in again) {
      say(again.problem);
    } else {
      const meant = await isMeant(approval, again, questioning, signal);
      if (meant === undefined) return undefined;
      if (meant) return { verb: "approve", again };
      say("Nothing was answered.");
    }
  }
}

function help(approval: Approval, also: string): string {
  const again = offered(approval);
  return [
    `y runs exactly this call${also} once, n refuses it, ? shows it again.`,
    ...(again === undefined ? [] : [choiceHelp(again)]),
    "Without an answer it waits until its time is up.",
  ].join(" ");
}

/** The second question: what would be permitted, in words, and a whole `yes`. Undefined when nobody will answer. */
async function isMeant(
  approval: Approval,
  again: Required<AgainChoice>,
  { keyboard, say }: Questioning,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  say(scopeInWords(approval, again, { columns: keyboard.output.columns }));
  const line = await ask(`Type yes to approve ${visible(approval.ref)} and permit all that: `, keyboard, signal);
  return line === undefined ? undefined : line.toLowerCase() === "yes";
}

/** Asks until something was typed; undefined when nothing will be. */
export async function askReason(keyboard: Keyboard, signal: AbortSignal): Promise<string | undefined> {
  let reason: string | undefined = "";
  while (reason === "") reason = await ask("Reason: ", keyboard, signal);
  return reason;
}
