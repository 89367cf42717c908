import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createLeash } from "@leashkit/core";
import { keepEvidence } from "../../examples/demo/files.ts";
import { type Ended, runProcess } from "../process.ts";

const WORKSPACE = fileURLToPath(new URL("../../", import.meta.url));
const TIMEOUT_MS = 60_000;

/** A program in another language that checks a folder of evidence, and what it needs to run. */
export interface Checker {
  readonly name: string;
  /** Undefined where it can run here, else why not. */
  readonly missing: () => Promise<string | undefined>;
  readonly check: (folder: string) => Promise<Ended>;
}

const run = (command: string, ...parameters: readonly string[]): Promise<Ended> =>
  runProcess(command, parameters, { cwd: WORKSPACE, timeoutMs: TIMEOUT_MS });

/** Whether a program is there and ends with code 0. */
async function works(command: string, ...parameters: readonly string[]): Promise<boolean> {
  return run(command, ...parameters).then(
    ({ code }) => code === 0,
    () => false,
  );
}

const python: Checker = {
  name: "python3 with cryptography",
  missing: async () => {
    if (!(await works("python3", "-c", "import sys; assert sys.version_info >= (3, 8)")))
      return "there is no Python 3.8";
    if (!(await works("python3", "-c", "import cryptography"))) return "the package cryptography is not installed";
    return undefined;
  },
  check: (folder) => run("python3", "-B", "examples/verify/check.py", folder),
};

/** The same program on a machine without the package: isolated from all that is installed. */
const plainPython: Checker = {
  name: "python3 alone",
  missing: async () => {
    const isThere = await works("python3", "-c", "import sys; assert sys.version_info >= (3, 8)");
    return isThere ? undefined : "there is no Python 3.8";
  },
  check: (folder) =>
    run(
      "python3",
      "-B",
      "-c",
      'import runpy, sys; sys.modules["cryptography"] = None; sys.argv[0] = "check.py"; sys.path.insert(0, "examples/verify"); runpy.run_path("examples/verify/check.py", run_name="__main__")',
      folder,
    ),
};

const openssl: Checker = {
  name: "openssl",
  missing: async () => {
    if (!(await works("sh", "-c", "command -v awk sed paste mktemp >/dev/null"))) return "there is no POSIX shell";
    const version = await run("openssl", "version").catch(() => undefined);
    return /^OpenSSL (?:[3-9]|\d\d)\./u.test(version?.stdout ?? "") ? undefined : "there is no OpenSSL 3";
  },
  check: (folder) => run("sh", "examples/verify/check.sh", folder),
};

export const CHECKERS: readonly Checker[] = [python, plainPython, openssl];

const POLICY =
  "leash: 1\ndefault: deny\ntools:\n  purchase: { decision: allow, counterparty: input.merchant_domain }\n  write: { decision: allow }\n";

/** Some calls of two agents, and what the demo would keep of them. */
export async function makeEvidence(folder: string): Promise<string> {
  const work = mkdtempSync(join(folder, "work-"));
  const files = { policy: join(work, "leash.yaml"), orders: join(work, "orders"), writtenFiles: join(work, "written") };
  writeFileSync(files.policy, POLICY);
  const leash = await createLeash({ policy: files.policy, state: join(work, "state"), notify: [] });
  const second = await createLeash({ policy: files.policy, state: join(work, "state"), notify: [] });
  try {
    for (const one of [leash, second]) for (const id of ["purchase", "write"]) one.register({ id });
    const rows = { orders: "", written: "" };
    for (const amount of [3, 5, 7]) {
      const order = { merchant_domain: "shop.example", item: 'Stühle "rot"', amount };
      await (amount === 5 ? second : leash).guard({ tool: "purchase", input: order }, (_input, permit) => {
        rows.orders += `${JSON.stringify({ order, proof: permit.proof })}\n`;
      });
      // Checkpoints that cover one stream, and then both.
      await leash.checkpoint();
    }
    const input = { path: "notes.txt", text: "two\nlines" };
    await leash.guard({ tool: "write", input }, (_input, permit) => {
      rows.written += `${JSON.stringify({ input, proof: permit.proof })}\n`;
    });
    writeFileSync(files.orders, rows.orders);
    writeFileSync(files.writtenFiles, rows.written);
    const kept = join(folder, "evidence");
    await keepEvidence(files, leash, kept);
    return kept;
  } finally {
    await leash.close();
    await second.close();
  }
}
