import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readOrders, readWrittenFiles } from "./orders.ts";
import { CHAIR, LAMP, PRINTER } from "./script.ts";
import { checkLog, openProof } from "./stranger.ts";
import { CHECKERS } from "../../test/independent/checkers.ts";

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly summary: Readonly<Record<string, number | boolean>>;
}

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FLAGS = ["--conditions=leashkit:source", "--import", "tsx"];
/** Ten times what a run takes on a small machine. */
const TIMEOUT = 300_000;

function runDemo(args: readonly string[], temporary: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const environment = { ...process.env, TMPDIR: temporary };
    execFile(process.execPath, [...FLAGS, MAIN, ...args], { cwd: ROOT, env: environment }, (error, stdout, stderr) => {
      const last = stdout.trimEnd().split("\n").at(-1) ?? "";
      const summary = last.startsWith("{") ? (JSON.parse(last) as Outcome["summary"]) : {};
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr, summary });
    });
  });
}

describe("the demo", () => {
  const folder = mkdtempSync(join(tmpdir(), "leashkit-demo-test-"));
  const kept = join(folder, "kept");
  const temporary = mkdtempSync(join(folder, "tmp-"));
  const read = (name: string): string => readFileSync(join(kept, name), "utf8");
  let standard: Outcome;
  let generous: Outcome;

  beforeAll(async () => {
    standard = await runDemo([], temporary);
    generous = await runDemo(["--threshold", "100", "--keep", kept], temporary);
  }, TIMEOUT);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("holds what it states, exits with 0 and ends with its counts", () => {
    expect(standard).toMatchObject({ code: 0, stderr: "" });
    expect(standard.summary).toEqual({
      decisions: expect.any(Number) as number,
      executed: 7,
      approved: 5,
      denied: 2,
      expired: 1,
      deferred: 1,
      resumedAfterKill: 1,
      unknown: 1,
      orders: 6,
      proofsVerified: 8,
      logVerified: true,
    });
  });

  it("counts one person's yes less when the threshold lets one more purchase run by itself", () => {
    expect(generous.code).toBe(0);
    const { decisions, ...counts } = standard.summary;
    expect(generous.summary).toEqual({ ...counts, approved: 4, decisions: expect.any(Number) as number });
    expect(standard.stdout).toContain(`ASK A PERSON: purchase of ${LAMP.item}, rule mid-trusted`);
    expect(generous.stdout).toContain(`ALLOW: purchase of ${LAMP.item}, rule small-trusted`);
    expect(decisions).toBeGreaterThan(0);
  });

  it("prints no escape sequences where nobody looks", () => {
    expect(standard.stdout).not.toContain("\u001B");
  });

  it("leaves the evidence and nothing secret", () => {
    const names = readdirSync(kept).toSorted();
    expect(names).toEqual([
      "checkpoint.txt",
      "inclusion.json",
      "leash.yaml",
      "log.jsonl",
      "orders.jsonl",
      "public-keys.json",
      "receipts.txt",
      "tiles",
      "written-files.jsonl",
    ]);
    const files = readdirSync(kept, { recursive: true, encoding: "utf8" }).filter((name) =>
      statSync(join(kept, name)).isFile(),
    );
    for (const name of files) expect(read(name)).not.toMatch(/k4\.secret|"seed"|"secret"|PRIVATE KEY/u);
  });

  it("leaves nothing in the temporary folder", () => {
    expect(readdirSync(temporary).filter((name) => name.startsWith("leashkit"))).toEqual([]);
  });

  it("I10: leaves a log whose chains a stranger can recompute", () => {
    expect(checkLog(read("log.jsonl"))).toBeGreaterThan(0);
    expect(() => checkLog(read("log.jsonl").replace('"ALLOW"', '"DENY"'))).toThrow("broken");
  });

  it.each(CHECKERS.map((checker) => [checker.name, checker] as const))(
    "leaves evidence that holds for %s",
    async (name, { check, missing }) => {
      const why = await missing();
      if (why !== undefined) return console.warn(`The demo's evidence was not checked with ${name}: ${why}.`);
      const { code, stderr, stdout } = await check(kept);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toContain("proofs: 8 hold\n");
      expect(stdout).toContain("checkpoint: signed over ");
    },
    TIMEOUT,
  );

  it("leaves proofs whose signatures a stranger can verify, each for what was done", () => {
    const orders = readOrders(join(kept, "orders.jsonl"));
    const files = readWrittenFiles(join(kept, "written-files.jsonl"));
    const claims = [...orders, ...files].map(({ proof }) => openProof(proof, read("public-keys.json")));
    expect(claims).toHaveLength(Number(generous.summary["proofsVerified"]));
    expect(claims.slice(0, orders.length).map(({ aud }) => aud)).toEqual(
      orders.map(({ order }) => order.merchant_domain),
    );
    const granted = read("log.jsonl")
      .split("\n")
      .filter((line) => line.includes('"type":"granted"'))
      .map((line) => (JSON.parse(line) as { proof_jti: string }).proof_jti);
    expect(new Set(claims.map(({ jti }) => jti))).toEqual(new Set(granted));
    expect(granted).toHaveLength(claims.length);
  });

  it("I2: leaves one order for the purchase whose process was killed, and none for the one denied", () => {
    const items = readOrders(join(kept, "orders.jsonl")).map(({ order }) => order.item);
    expect(items.filter((item) => item === PRINTER.item)).toHaveLength(1);
    expect(items).not.toContain(CHAIR.item);
  });

  it("refuses options it does not know, with its usage", async () => {
    const refused = await runDemo(["--treshold", "100"], temporary);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toContain("Usage: npm run demo");
  });
});
