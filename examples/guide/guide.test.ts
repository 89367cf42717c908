import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createLeash } from "@leashkit/core";
import { afterAll, describe, expect, inject, it } from "vitest";

const state = mkdtempSync(join(tmpdir(), "leashkit-guide-"));
afterAll(() => rmSync(state, { recursive: true, force: true }));

/** Ten times what an example takes on a small machine. */
const TIMEOUT = 60_000;

interface Ended {
  readonly code: number;
  readonly printed: string;
}

/** Runs an example as a reader would, in its folder and without a terminal; resolves to all it printed. */
function run(file: string, ...given: readonly string[]): Promise<Ended> {
  return start(file, ["--conditions=leashkit:source", "--import", "tsx", file, ...given]);
}

/** Starts Node on an example, as its source or compiled. */
function start(file: string, arguments_: readonly string[]): Promise<Ended> {
  const options = {
    cwd: fileURLToPath(new URL(".", import.meta.url)),
    env: { ...process.env, XDG_STATE_HOME: join(state, file) },
  };
  return new Promise((resolve) => {
    execFile(process.execPath, arguments_, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), printed: stdout + stderr });
    });
  });
}

/** What the guide shows of an example's output, line by line. */
const OUTPUTS = {
  "policy.ts": [
    "2:1 a policy has no key `defualt` (did you mean `default`?)",
    "3:1 `labels` is not supported by this version (remove it; nothing is ignored silently)",
    "5:27 a path names a member of the input (for example input.merchant_domain)",
    "5:76 `expires_in` must be a positive duration (whole seconds, or 90s, 15m, 24h, 7d)",
    '8:13 the action "ref*" is no pattern (an exact name, `prefix.*` or `*`)',
    "9:52 `counterparty` has no member `level` (known: id, trust)",
    "10:13 `effect` must be allow, approve, step_up, deny (did you mean `allow`?)",
    "12:7 the rule `mail` can never allow: `no-mail` denies all it allows",
    "12:42 conditions know no `inptu` (did you mean `input`?)",
    'ALLOW refund (rule small: rule "small" allows)',
    "APPROVE refund (rule other: More than the small refunds that run by themselves.)",
    "APPROVE refund (rule other: More than the small refunds that run by themselves.)",
    "DENY refund (rule large: Refunds above $500 are made by hand.)",
    'DENY refund (rule odd-amount: rule "odd-amount" could not be decided for this input and so refuses)',
    'DENY refund (rule odd-amount: rule "odd-amount" could not be decided for this input and so refuses)',
    "APPROVE refund (rule other: More than the small refunds that run by themselves.)",
  ],
  "loop.ts": [
    "3 results",
    "Denied by policy. Do not retry this call with the same arguments.",
    "send_email waits",
    'sent {"to":"ann@example.com"}',
    'sent {"to":"ann@example.com"}',
    "the tool's own: NoEffect: The search index is being rebuilt.",
  ],
  "obligations.ts": ["wire_transfer is about to run ({})", "sent"],
  "evidence.ts": [
    '{"ok":true,"streams":1,"records":4,"firstBad":null}',
    "line 2 of the file: the line was changed: its hash does not fit its bytes",
    "line 1 of the file: the line says seq 1: a line is missing, repeated or out of order",
    "true",
  ],
  "checkpoints.ts": [
    "signed: 4 records",
    "true: 4 of 4 records are covered",
    "the line is missing: a checkpoint covers 4 of the stream",
    "record 2 of 4: decided",
  ],
  "replay.ts": [
    "3 of 3 the same",
    "refund: allow_to_deny, by small then, by default now",
    "1 calls go as they went; then deny becomes allow",
    "1 call after it: nobody knows whether it would have been made",
  ],
  "interrupt.ts": [
    "somebody is told",
    "after a forged resume: 0 results",
    "Refunded 8000 cents, said shop.storeco.com.",
  ],
  "defer.ts": ["somebody is told", "Order 18: one lamp, $80.00.", "Refunded 8000 cents, said shop.storeco.com."],
  "leashed.ts": [
    "Denied by policy. Do not retry this call with the same arguments.",
    "proposed look_up_order, started look_up_order, ended look_up_order, proposed write_file, started write_file, refused write_file",
  ],
} satisfies Readonly<Record<string, readonly string[]>>;

describe("the examples of the guide", () => {
  it.each(Object.entries(OUTPUTS))(
    "%s prints what the guide says",
    async (file, lines) => {
      const compiled = inject("children")[`examples/guide/${file as keyof typeof OUTPUTS}`];
      expect(await start(file, [compiled])).toEqual({ code: 0, printed: `${lines.join("\n")}\n` });
    },
    TIMEOUT,
  );

  it(
    "terminal.ts does not start where nobody could be asked",
    async () => {
      const { code, printed } = await run("terminal.ts");
      expect(code).toBe(1);
      expect(printed).toContain("LEASH_CONFIG_INVALID");
      expect(printed).toContain("nobody could be asked here");
    },
    TIMEOUT,
  );

  it(
    "kept.ts checks a folder as the demo keeps it, and refuses an order that was changed",
    async () => {
      const folder = await keep();
      expect(await run("kept.ts", folder)).toEqual({
        code: 0,
        printed: "log: 4 lines hold\norder: allowed by tools.purchase\n",
      });
      const orders = join(folder, "orders.jsonl");
      writeFileSync(orders, readFileSync(orders, "utf8").replace("2000", "2001"));
      const { code, printed } = await run("kept.ts", folder);
      expect(code).toBe(1);
      expect(printed).toContain("it covers another input");
    },
    TIMEOUT,
  );
});

/** Buys one thing and leaves what the demo leaves. */
async function keep(): Promise<string> {
  const policy = "leash: 1\ntools: { purchase: { counterparty: input.merchant_domain, decision: allow } }\n";
  const leash = await createLeash({ policy: { text: policy }, store: "memory" });
  leash.register({ id: "purchase" });
  const input = { merchant_domain: "shop.example", amount_minor: 2000 };
  const booked = await leash.guard({ tool: "purchase", input }, (order, { proof }) => ({
    order,
    bookedAt: Date.now(),
    proof: proof ?? "",
  }));
  const folder = mkdtempSync(join(state, "kept-"));
  writeFileSync(join(folder, "orders.jsonl"), `${JSON.stringify(booked)}\n`);
  writeFileSync(join(folder, "public-keys.json"), JSON.stringify(leash.keySet()));
  let log = "";
  for await (const line of leash.exportLog()) log += `${line}\n`;
  writeFileSync(join(folder, "log.jsonl"), log);
  await leash.close();
  return folder;
}
