import { canonicalText, sha256Hex } from "@leashkit/core";

import { UsageError } from "./exit.ts";
import { readJson } from "./files.ts";

/** The options by which a proof and a receipt are told from those of other calls. */
export interface ExpectedOptions {
  /** SHA-256 in lower-case hex. */
  readonly action?: string;
  readonly agent?: string;
  /** A file with the JSON that was received. */
  readonly input?: string;
}

/** What to expect, as the verifiers of core take it. */
export interface Expected {
  readonly action?: string;
  readonly agent?: string;
  readonly input?: string;
}

/**
 * Reads the options before anything is checked.
 * @throws {UsageError} for a malformed one, `UnreadableError` for an input that is no JSON.
 */
export async function readExpected({ action, agent, input }: ExpectedOptions): Promise<Expected> {
  if (action !== undefined && !/^(?:sha256:)?[0-9a-f]{64}$/u.test(action)) {
    throw new UsageError("--action takes a SHA-256 in lower-case hex");
  }
  return {
    ...(action === undefined ? {} : { action }),
    ...(agent === undefined ? {} : { agent: requireName("--agent", agent) }),
    ...(input === undefined ? {} : { input: sha256Hex(canonicalText(await readJson("input", input))) }),
  };
}

/** @throws {UsageError} */
export function requireName(option: string, name: string): string {
  if (name === "") throw new UsageError(`${option} is empty`);
  return name;
}
