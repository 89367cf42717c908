import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHECKERS, makeEvidence } from "./checkers.ts";

const TIMEOUT_MS = 120_000;

type Forgery = readonly [file: string, change: (text: string, read: (file: string) => string) => string];
/** What somebody could do to a folder of evidence, by the file and the change. None may pass. */
const FORGERIES: Readonly<Record<string, Forgery>> = {
  "a line of the log is edited": ["log.jsonl", (text) => text.replace('"decision":"ALLOW"', '"decision":"DENY"')],
  "a line of the log is removed": ["log.jsonl", (text) => text.replace(/\n[^\n]*\n/u, "\n")],
  "two lines of the log are swapped": ["log.jsonl", (text) => text.replace(/^([^\n]*\n)([^\n]*\n)/u, "$2$1")],
  "the end of the log is cut off": ["log.jsonl", (text) => text.replace(/[^\n]*\n$/u, "")],
  "a proof is changed by one character": [
    "orders.jsonl",
    (text) => text.replace(/"proof":"v4\.public\.ey/u, '"proof":"v4.public.fy'),
  ],
  "a receipt is changed by one character": [
    "receipts.txt",
    (text) => text.replace(/.(?=..\n)/u, (one) => (one === "A" ? "B" : "A")),
  ],
  "a proof is shown as a receipt": [
    "receipts.txt",
    (_, read) => `${/"proof":"([^"]*)"/u.exec(read("orders.jsonl"))?.[1] ?? ""}\n`,
  ],
  "the checkpoint names another size": ["checkpoint.txt", (text) => text.replace(/\n(\d+)\n/u, "\n1$1\n")],
  "the checkpoint's signature is another": [
    "checkpoint.txt",
    (text) => text.replace(/(\S{20})=*\n$/u, "AAAAAAAAAAAAAAAAAAAA\n"),
  ],
  "the key of the proofs is revoked": [
    "public-keys.json",
    (text) => text.replaceAll('"revokedAt": null', '"revokedAt": 1'),
  ],
};

describe("evidence, checked by programs in other languages", () => {
  const folder = mkdtempSync(join(tmpdir(), "leashkit-independent-"));
  let evidence = "";
  const missing = new Map<string, string>();

  beforeAll(async () => {
    evidence = await makeEvidence(folder);
    for (const { missing: look, name } of CHECKERS) {
      const why = await look();
      if (why === undefined) continue;
      missing.set(name, why);
      console.warn(`Evidence was not checked with ${name}: ${why}.`);
    }
  }, TIMEOUT_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** The folder with one file changed. */
  function forged([file, change]: Forgery): string {
    const copy = mkdtempSync(join(folder, "forged-"));
    cpSync(evidence, copy, { recursive: true });
    const before = readFileSync(join(copy, file), "utf8");
    const after = change(before, (other) => readFileSync(join(evidence, other), "utf8"));
    expect(after, "the forgery changes nothing").not.toBe(before);
    writeFileSync(join(copy, file), after);
    return copy;
  }

  it.each(CHECKERS.map((checker) => [checker.name, checker] as const))(
    "%s: holds as it was kept",
    { timeout: TIMEOUT_MS },
    async (name, checker) => {
      if (missing.has(name)) return;
      const { code, stderr, stdout } = await checker.check(evidence);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toMatch(
        /^log: \d+ lines (?:in 2 streams )?hold\nproofs: 4 hold\nreceipts: 4 hold\ncheckpoint: signed over \d+ records\n/u,
      );
    },
  );

  it.each(Object.entries(FORGERIES))(
    "I10: %s, and every program refuses it",
    { timeout: TIMEOUT_MS },
    async (_what, forgery) => {
      const copy = forged(forgery);
      const present = CHECKERS.filter(({ name }) => !missing.has(name));
      const answers = await Promise.all(present.map(({ check }) => check(copy)));
      for (const [at, { code, stderr }] of answers.entries()) {
        const says = stderr.includes("does not hold");
        expect({ code, says }, `${present[at]?.name}: ${stderr}`).toEqual({ code: 1, says: true });
      }
    },
  );

  it("I1: an order that is not the one its proof was made for is refused", { timeout: TIMEOUT_MS }, async () => {
    const copy = forged(["orders.jsonl", (text) => text.replace('"amount":3', '"amount":4')]);
    // What was sent is compared in Python alone: it needs a reader of JSON.
    for (const checker of CHECKERS.filter(({ name }) => name.startsWith("python3") && !missing.has(name))) {
      const { code, stderr } = await checker.check(copy);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringContaining("something else than what was sent") as string,
      });
    }
  });
});
