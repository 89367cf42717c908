import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import type { TerminalInput, TerminalOutput } from "../approvals/keyboard.ts";

const LONGEST_WAIT_MS = 10_000;
const LOOK_EVERY_MS = 2;

/** A screen and a keyboard without a person. */
export interface FakeTerminal {
  readonly input: PassThrough & Required<Pick<TerminalInput, "isTTY" | "isRaw" | "setRawMode">>;
  readonly output: PassThrough & Required<Pick<TerminalOutput, "isTTY" | "columns">>;
  readonly type: (keys: string | Uint8Array) => void;
  /** All that was ever shown. */
  readonly shown: () => string;
  /** How often `text` was shown. */
  readonly count: (text: string) => number;
  /** Resolves once `text` was shown so many times; rejects with what was shown after ten seconds. */
  readonly until: (text: string, times?: number) => Promise<void>;
}

/**
 * A terminal for tests of surfaces and commands: streams that say they are a TTY and remember whether it is raw.
 * @example
 * const screen = fakeTerminal();
 * const surface = terminal({ input: screen.input, output: screen.output });
 * await screen.until("Approve K7Q2?");
 * screen.type("y\n");
 */
export function fakeTerminal(options: { readonly columns?: number } = {}): FakeTerminal {
  const keyboard = new PassThrough();
  const input = Object.assign(keyboard, {
    isTTY: true,
    isRaw: false,
    setRawMode(mode: boolean) {
      input.isRaw = mode;
      return input;
    },
  });
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: options.columns ?? 80 });
  let shown = "";
  output.setEncoding("utf8").on("data", (text: string) => (shown += text));
  const count = (text: string): number => shown.split(text).length - 1;
  return {
    input,
    output,
    type: (keys) => void keyboard.write(keys),
    shown: () => shown,
    count,
    async until(text, times = 1) {
      for (let waited = 0; count(text) < times; waited += LOOK_EVERY_MS) {
        if (waited > LONGEST_WAIT_MS) throw new Error(`"${text}" was not shown ${times} times, but:\n${shown}`);
        await sleep(LOOK_EVERY_MS);
      }
    },
  };
}
