import { StringDecoder } from "node:string_decoder";

import { LeashError } from "../errors.ts";
import type { Approval, Approver } from "../model/approval.ts";
import type { Desk, SettleOptions } from "../model/desk.ts";
import type { Clock } from "../model/runtime.ts";
import { card, statusLine } from "./display.ts";
import { hasAnswered } from "./eligibility.ts";
import { count } from "./layout.ts";
import { type AttachedSurface, operatingSystemUser, type Surface } from "./surface.ts";
import { visible } from "./visible.ts";

/** What of `process.stdin` is used. */
export interface TerminalInput extends NodeJS.ReadableStream {
  readonly isTTY?: boolean;
  readonly isRaw?: boolean;
  readonly readableFlowing?: boolean | null;
  setRawMode?(mode: boolean): unknown;
}

/** What of `process.stderr` is used. */
export interface TerminalOutput extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number | undefined;
}

export interface Keyboard {
  readonly input: TerminalInput;
  readonly output: TerminalOutput;
  /** How long nobody may have typed before a question is asked. Default 200 milliseconds. */
  readonly quietMs?: number;
}

export interface TerminalOptions extends Partial<Keyboard> {
  /** Who sits here. Default: the operating-system user. */
  readonly approver?: Approver;
  /** For the time left on the card. Default: the system's clock. */
  readonly clock?: Clock;
}

const DEFAULT_QUIET_MS = 200;
const INTERRUPT = 0x03;
const STOPS = ["end", "close", "error"] as const;

/** True when a person can both read and type here. */
export function isInteractive(streams: Pick<Keyboard, "input" | "output">): boolean {
  return streams.input.isTTY === true && streams.output.isTTY === true;
}

/** Hands each chunk to `read` until it returns a value; undefined when the input stops or the signal aborts before. */
function listen<T>(
  input: TerminalInput,
  signal: AbortSignal,
  read: (chunk: Buffer | string) => T | undefined,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    const onData = (chunk: Buffer | string) => {
      const value = read(chunk);
      if (value !== undefined) finish(value);
    };
    const stop = () => finish(undefined);
    function finish(value: T | undefined): void {
      input.off("data", onData);
      for (const event of STOPS) input.off(event, stop);
      signal.removeEventListener("abort", stop);
      resolve(value);
    }
    input.on("data", onData);
    for (const event of STOPS) input.on(event, stop);
    signal.addEventListener("abort", stop);
    input.resume();
    if (signal.aborted || !input.readable) stop();
  });
}

/**
 * Resolves when nothing has been typed for `quietMs`, and forgets what was: it was meant for something else. The terminal is
 * raw meanwhile, since a line that was begun but not ended is out of reach otherwise. Ctrl-C still interrupts the process.
 */
async function drain(input: TerminalInput, quietMs: number, signal: AbortSignal): Promise<void> {
  const quiet = new AbortController();
  const timer = setTimeout(() => quiet.abort(), quietMs);
  input.setRawMode?.(true);
  try {
    await listen(input, AbortSignal.any([signal, quiet.signal]), (typed) => {
      timer.refresh();
      if (Buffer.from(typed).includes(INTERRUPT)) process.kill(process.pid, "SIGINT");
      return undefined;
    });
  } finally {
    clearTimeout(timer);
    input.setRawMode?.(false);
  }
}

/** The first whole line. What comes after it was typed before the next question, so it is dropped. */
function firstLine(input: TerminalInput, signal: AbortSignal): Promise<string | undefined> {
  const decoder = new StringDecoder("utf8");
  let typed = "";
  return listen(input, signal, (chunk) => {
    typed += typeof chunk === "string" ? chunk : decoder.write(chunk);
    const end = typed.search(/[\r\n]/u);
    return end < 0 ? undefined : typed.slice(0, end);
  });
}

/**
 * Asks one question and reads one whole line. Whatever was typed before the question was shown does not count. The terminal
 * belongs to the question until it is answered: a program that reads the same input gets the line too.
 *
 * @param question written as it is; pass what others wrote through `visible`
 * @returns the line, trimmed; undefined when the input ends or the signal aborts first
 * @example const line = await ask("Sure? [y/n] ", { input: process.stdin, output: process.stderr });
 */
export async function ask(
  question: string,
  keyboard: Keyboard,
  signal: AbortSignal = new AbortController().signal,
): Promise<string | undefined> {
  const { input, output, quietMs = DEFAULT_QUIET_MS } = keyboard;
  const wasRaw = input.isRaw === true;
  const wasFlowing = input.readableFlowing === true;
  try {
    await drain(input, quietMs, signal);
    if (signal.aborted) return undefined;
    output.write(question);
    return (await firstLine(input, signal))?.trim();
  } finally {
    if (wasRaw) input.setRawMode?.(true);
    if (!wasFlowing) input.pause();
  }
}

interface Context {
  readonly desk: Desk;
  readonly keyboard: Keyboard;
  readonly clock: Clock;
  readonly say: (text: string) => void;
}

/** Asks until there is a yes or a no; undefined when there will be none. */
async function answerTo(
  approval: Approval,
  equal: number,
  context: Context,
  signal: AbortSignal,
): Promise<"y" | "n" | undefined> {
  const { keyboard, clock, say } = context;
  const also = equal === 0 ? "" : ` and ${count(equal, "equal call")}`;
  const show = () => say(card(approval, { now: clock.now(), columns: keyboard.output.columns }));
  show();
  for (;;) {
    const line = (await ask(`Approve ${visible(approval.ref)}${also}? [y/n/?] `, keyboard, signal))?.toLowerCase();
    if (line === undefined) return undefined;
    if (line === "y" || line === "yes") return "y";
    if (line === "n" || line === "no") return "n";
    if (line === "?") show();
    say(
      `y runs exactly this call${also} once, n refuses it, ? shows it again. Without an answer it waits until its time is up.`,
    );
  }
}

async function askReason(keyboard: Keyboard, signal: AbortSignal): Promise<string | undefined> {
  let reason: string | undefined = "";
  while (reason === "") reason = await ask("Reason: ", keyboard, signal);
  return reason;
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
    const answer = await answerTo(approval, equal.length, context, signal);
    const reason =
      answer !== undefined && approval.terms.reasonRequired ? await askReason(context.keyboard, signal) : "";
    if (answer === undefined || reason === undefined)
      return say(`\nNot answered here. ${statusLine(await desk.get(id))}`);
    const options = reason === "" ? {} : { reason };
    for (const each of [id, ...equal]) await settle(each, answer, options, context);
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
async function settle(id: string, answer: "y" | "n", options: SettleOptions, { desk, say }: Context): Promise<void> {
  try {
    say(statusLine(answer === "y" ? await desk.approve(id, options) : await desk.deny(id, options)));
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
 * no answer. What was typed before a question was shown never counts, and the call is shown from its sealed bytes with every
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
