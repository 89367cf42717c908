import { LeashError } from "../errors.ts";
import type { Approval, Approver } from "../model/approval.ts";
import type { Desk, SettleOptions } from "../model/desk.ts";
import type { Clock } from "../model/runtime.ts";
import { statusLine } from "./display.ts";
import { hasAnswered } from "./eligibility.ts";
import { DEFAULT_QUIET_MS, isInteractive, type Keyboard } from "./keyboard.ts";
import { type Answer, answerTo, askReason, type Questioning } from "./question.ts";
import { type AttachedSurface, operatingSystemUser, type Surface } from "./surface.ts";
import { visible } from "./visible.ts";

export interface TerminalOptions extends Partial<Keyboard> {
  /** Who sits here. Default: the operating-system user. */
  readonly approver?: Approver;
  /** For the time left on the card. Default: the system's clock. */
  readonly clock?: Clock;
}

interface Context extends Questioning {
  readonly desk: Desk;
}

/** Shows one approval and carries the answer to the desk; withdraws the question once it is settled elsewhere or expires. */
async function handle(id: string, context: Context, closing: AbortSignal): Promise<void> {
  const { desk, say } = context;
  const approval = await desk.get(id);
  if (approval.status !== "pending" || hasAnswered(approval, desk.approver.id)) return say(statusLine(approval));
  const equal = await equalTo(approval, desk);
  const over = new AbortController();
  const signal = AbortSignal.any([closing, over.signal]);
  // Should the wait fail, the question is merely not withdrawn: the desk still refuses an answer that is too late.
  desk.wait(id, { signal }).then(
    () => over.abort(),
    () => undefined,
  );
  try {
    const answering = answerTo(approval, equal.length, context, signal);
    // Not waited for: who looks at the card may answer it, whatever the log takes.
    void desk.viewed(id);
    const answer = await answering;
    const reason =
      answer !== undefined && approval.terms.reasonRequired ? await askReason(context.keyboard, signal) : "";
    if (answer === undefined || reason === undefined)
      return say(`\nNot answered here. ${statusLine(await desk.get(id))}`);
    const options = reason === "" ? {} : { reason };
    await settle(id, answer, options, context);
    // What is permitted beyond is permitted once, with the answer to the call that was shown.
    for (const each of equal) await settle(each, { verb: answer.verb }, options, context);
  } finally {
    over.abort();
  }
}

/** The others that the answer is for, as they were when the question was asked. A step-up is made for one call. */
async function equalTo({ id, demand }: Approval, desk: Desk): Promise<readonly string[]> {
  if (demand === "step_up") return [];
  const group = (await desk.groups()).find(({ ids }) => ids.includes(id));
  return group?.ids.filter((other) => other !== id) ?? [];
}

/** One that was settled elsewhere meanwhile keeps the others from nothing. */
async function settle(id: string, answer: Answer, options: SettleOptions, { desk, say }: Context): Promise<void> {
  try {
    if (answer.verb === "deny") return say(statusLine(await desk.deny(id, options)));
    const { again } = answer;
    say(statusLine(await desk.approve(id, again === undefined ? options : { ...options, again })));
  } catch (error) {
    say(notAnswered(error));
  }
}

function notAnswered(error: unknown): string {
  return `Not answered: ${visible(error instanceof Error ? error.message : String(error))}`;
}

/** One question at a time, in the order in which the approvals were opened. */
function queue(context: Context): AttachedSurface {
  const closing = new AbortController();
  const waiting: string[] = [];
  let current: string | undefined;

  async function work(): Promise<void> {
    while ((current = waiting.shift()) !== undefined) {
      try {
        await handle(current, context, closing.signal);
      } catch (error) {
        context.say(notAnswered(error));
      }
    }
  }

  return {
    opened(approval) {
      if (closing.signal.aborted || current === approval.id || waiting.includes(approval.id)) return;
      waiting.push(approval.id);
      if (current === undefined) void work();
    },
    close() {
      waiting.length = 0;
      closing.abort();
    },
  };
}

/**
 * The terminal as a surface: shows the card of each opened approval, one at a time, and asks `Approve? [y/n/?]`. Only a whole
 * line `y` or `yes` approves, only `n` or `no` denies; anything else asks again; the end of the input, closing and expiry are
 * no answer. Where the policy lets an approver permit calls like it, `a` (or `a 5`, `a 2h`, `a 5 2h`) does, after a second question
 * that says in words what would be permitted and takes a whole `yes`. What was typed before a question was shown never counts, and the call is shown from its sealed bytes with every
 * control character escaped.
 *
 * @param options input (default stdin), output (default stderr), approver (default: the operating-system user)
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for options out of range; and from `attach` where there is no terminal
 * @example const leash = await createLeash({ policy: "leash.yaml", notify: terminal() });
 */
export function terminal(options: TerminalOptions = {}): Surface {
  const { input = process.stdin, output = process.stderr, quietMs = DEFAULT_QUIET_MS } = options;
  const clock = options.clock ?? { now: () => Date.now() };
  if (!Number.isFinite(quietMs) || quietMs < 0) {
    throw new LeashError("LEASH_CONFIG_INVALID", "terminal: quietMs must be a number of milliseconds, zero or more.");
  }
  return {
    name: "terminal",
    approver: options.approver ?? operatingSystemUser("terminal"),
    attach(desk) {
      if (!isInteractive({ input, output })) {
        throw new LeashError(
          "LEASH_CONFIG_INVALID",
          "terminal: input and output are not both a terminal, so nobody could be asked here. Start the program in a terminal, or answer from another one with the command `leash approvals`.",
        );
      }
      const say = (text: string) => void output.write(`${text}\n`);
      return queue({ desk, keyboard: { input, output, quietMs }, clock, say });
    },
  };
}
