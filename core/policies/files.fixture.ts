import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { sha256Hex } from "../digest.ts";
import { PolicyInvalid } from "../errors.ts";
import type { Policy } from "../model/policy.ts";
import { scriptedPolicy } from "../testing/scripted-policy.ts";
import type { Load } from "./documents.ts";

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "leashkit-policies-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What the sample language makes of a text: `extends <path>` lines name others, a line `bad` does not load. */
export const loadSample: Load = (text, { origin, resolve }) => {
  const texts = [text];
  const visit = (document: string, from: string): void => {
    for (const [, reference = ""] of document.matchAll(/^extends (.*)$/gmu)) {
      const found = resolve(reference, from);
      if (found === undefined) throw invalid(from, `${reference} is not there`);
      texts.push(found.text);
      visit(found.text, found.origin);
    }
  };
  visit(text, origin);
  const whole = texts.join("\n--\n");
  if (/^bad$/mu.test(whole)) throw invalid(origin, "bad");
  return samplePolicy(whole);
};

/** A policy with the digest of its text; `ask` and `mode` stand in it as words. */
export function samplePolicy(text: string): Policy {
  const digest = sha256Hex(text);
  const mode = /\bobserve\b/u.test(text) ? "observe" : undefined;
  const effect = /\bask\b/u.test(text) ? "approve" : "allow";
  const policy = scriptedPolicy(() => ({ effect, policyDigest: digest }), { canAsk: effect === "approve" });
  return { ...policy, mode, digest, source: JSON.stringify(text) };
}

function invalid(origin: string, message: string): PolicyInvalid {
  return new PolicyInvalid(origin, [{ code: "sample", message, line: 1, column: 1, pointer: "" }]);
}
