import { parseArgs } from "node:util";

export interface DemoOptions {
  /** Purchases below this many dollars run by themselves when the merchant is trusted. */
  readonly threshold: number;
  /** Where the evidence is left; undefined leaves nothing. */
  readonly keep: string | undefined;
  /** True: a script answers. False: the person at the terminal does. */
  readonly scripted: boolean;
}

export const USAGE = `Usage: npm run demo -- [--threshold DOLLARS] [--keep DIR] [--yes]

  --threshold DOLLARS  below this a purchase from a trusted merchant runs by itself: 1 to 500, default 50
  --keep DIR           leave the ledgers, the log, the public keys and the policy in DIR, for anybody to check
  --yes                let a script answer for the person, also in a terminal

The last line printed is one JSON object. Exit code 0: every check held; 1: one did not; 2: these options are wrong.`;

/** The options, or what is wrong with them. */
export function readOptions(
  args: readonly string[],
  terminal: boolean,
): { readonly ok: true; readonly options: DemoOptions } | { readonly ok: false; readonly problem: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { threshold: { type: "string" }, keep: { type: "string" }, yes: { type: "boolean" } },
      strict: true,
      allowPositionals: false,
    });
    const threshold = values.threshold ?? "50";
    if (!/^[1-9][0-9]{0,2}$/.test(threshold) || Number(threshold) > 500) {
      return { ok: false, problem: "--threshold takes whole dollars from 1 to 500." };
    }
    if (values.keep === "") return { ok: false, problem: "--keep takes a folder." };
    const scripted = values.yes === true || !terminal;
    return { ok: true, options: { threshold: Number(threshold), keep: values.keep, scripted } };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
}

const SMALL = "input.amount_minor < 5000 ";

/** The policy's text with another first limit, in dollars. */
export function withThreshold(policy: string, threshold: number): string {
  const parts = policy.split(SMALL);
  if (parts.length !== 2) throw new Error(`leash.yaml must say "${SMALL.trim()}" exactly once.`);
  return parts.join(`input.amount_minor < ${threshold * 100} `);
}
