import { StringDecoder } from "node:string_decoder";

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

export const DEFAULT_QUIET_MS = 200;
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
