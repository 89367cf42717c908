import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import { type ApprovalTerms, createLeash, type Leash } from "@leashkit/core";
import { fakeTerminal, scriptedPolicy } from "@leashkit/core/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { run } from "./index.ts";

let folder: string;
let state: string;
const leashes: Leash[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "leash-cli-"));
  state = join(folder, "state");
});

afterEach(async () => {
  for (const leash of leashes.splice(0)) await leash.close();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** A leash of "another process": same state folder, and nobody to tell. */
async function openLeash(options: { readonly terms?: Partial<ApprovalTerms>; readonly sameRefs?: boolean } = {}) {
  const policy = scriptedPolicy(() => ({
    effect: "approve",
    ...(options.terms === undefined ? {} : { terms: options.terms }),
  }));
  // A ref is drawn from four random bytes.
  const random = (size: number) => (size === 4 ? new Uint8Array(4) : crypto.getRandomValues(new Uint8Array(size)));
  const leash = await createLeash({ policy, state, notify: [], ...(options.sameRefs === true ? { random } : {}) });
  leash.register({ id: "send_money" });
  leashes.push(leash);
  return leash;
}

/** A call that waits: its ref once it is asked about, what came of it, and how often it ran. */
async function propose(leash: Leash, input: unknown = { amount: 12_000 }) {
  const before = await leash.desk({ id: "test" }).pending();
  let runs = 0;
  const outcome = leash.guard({ tool: "send_money", input }, () => ((runs += 1), "sent"));
  outcome.catch(() => undefined);
  for (;;) {
    const after = await leash.desk({ id: "test" }).pending();
    const approval = after.find(({ id }) => before.every((known) => known.id !== id));
    if (approval !== undefined) return { ...approval, outcome, runs: () => runs };
    await sleep(5);
  }
}

/** Runs the command where nobody can be asked. */
async function command(...argv: readonly string[]) {
  const [stdout, stderr] = [fakeTerminal(), fakeTerminal()];
  const exit = await run(argv, { stdin: new PassThrough(), stdout: stdout.output, stderr: stderr.output });
  return { exit, stdout: stdout.shown(), stderr: stderr.shown() };
}

/** Runs the command in a terminal; the card and the question are on stderr. */
function commandInTerminal(...argv: readonly string[]) {
  const screen = fakeTerminal();
  const stdout = fakeTerminal();
  const exit = run(argv, { stdin: screen.input, stdout: stdout.output, stderr: screen.output });
  return { ...screen, exit, stdout: () => stdout.shown() };
}

function lines(text: string): readonly unknown[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
}

describe("leash approvals", () => {
  it("lists what waits and shows one in full", async () => {
    const agent = await openLeash();
    expect(await command("approvals", "list", "--state", state)).toEqual({
      exit: 0,
      stdout: "Nothing waits for a person.\n",
      stderr: "",
    });
    const first = await propose(agent);
    const second = await propose(agent.as({ subject: "kate" }), { amount: 1 });
    const list = await command("approvals", "list", "--state", state);
    expect(list.exit).toBe(0);
    expect(list.stdout).toMatch(
      new RegExp(`REF .*\n${first.ref} +send_money .*\n${second.ref} +send_money +agent +kate `, "u"),
    );
    const shown = await command("approvals", "show", first.ref.toLowerCase(), "--state", state);
    expect(shown.exit).toBe(0);
    expect(shown.stdout).toContain('"amount": 12000');
    expect(shown.stdout).toContain(first.digest);
  });

  it("I2: approve --yes lets the waiting call run, once, and a second answer is too late", async () => {
    const call = await propose(await openLeash());
    const approved = await command(
      "approvals",
      "approve",
      call.ref,
      "--yes",
      "--reason",
      "invoice 17",
      "--state",
      state,
    );
    expect(approved).toMatchObject({ exit: 0, stderr: "" });
    expect(approved.stdout).toMatch(
      new RegExp(`^${call.ref} send_money: approved; approve by .* \\(cli on .*, login\\), .*: "invoice 17"\n$`, "u"),
    );
    expect(await call.outcome).toBe("sent");
    for (const answer of ["approve", "deny"]) {
      const late = await command(
        "approvals",
        answer,
        call.id,
        ...(answer === "approve" ? ["--yes"] : []),
        "--state",
        state,
      );
      expect(late).toMatchObject({ exit: 1, stdout: "" });
      expect(late.stderr).toMatch(/^leash: Approval .* is already consumed\. .*\n$/u);
    }
    expect(call.runs()).toBe(1);
  });

  it("deny refuses the waiting call and passes the reason on", async () => {
    const call = await propose(await openLeash());
    const denied = await command("approvals", "deny", call.ref, "--reason", "not this shop", "--state", state);
    expect(denied).toMatchObject({ exit: 0, stderr: "" });
    await expect(call.outcome).rejects.toMatchObject({ code: "LEASH_DENIED", note: "not this shop" });
    expect(call.runs()).toBe(0);
  });

  it("A-H12: says how many of how many said yes, and takes one person's yes once", async () => {
    const agent = await openLeash({ terms: { quorum: 2 } });
    const call = await propose(agent);
    const voted = await command("approvals", "approve", call.ref, "--yes", "--state", state);
    expect(voted.stdout).toMatch(new RegExp(`^${call.ref} send_money: pending \\(1 of 2\\); approve by `, "u"));
    expect((await command("approvals", "list", "--state", state)).stdout).toContain("1 of 2");
    expect((await command("approvals", "show", call.ref, "--state", state)).stdout).toContain(
      "2 people (1 of 2 said yes)",
    );
    const json = (await command("approvals", "list", "--json", "--state", state)).stdout;
    expect(lines(json)).toMatchObject([{ status: "pending", yes: 1, quorum: 2, escalated_at: null }]);
    const again = await command("approvals", "approve", call.ref, "--yes", "--state", state);
    expect(again).toMatchObject({ exit: 1, stdout: "" });
    expect(again.stderr).toContain("another person");
    await agent.desk({ id: "somebody else" }).approve(call.id);
    expect(await call.outcome).toBe("sent");
  });

  it("I2: revoke takes back a yes that was not used, and no other", async () => {
    const agent = await openLeash();
    const call = { tool: "send_money", input: { amount: 1 }, scope: "thread-1", callId: "call-1" };
    const told = await agent.guard(call, () => "sent", { pause: "defer" }).catch((error: unknown) => error);
    const ref = String(Reflect.get(Object(told), "ref"));
    const early = await command("approvals", "revoke", ref, "--state", state);
    expect(early).toMatchObject({ exit: 1, stdout: "" });
    expect(early.stderr).toContain("no yes to take back");
    await command("approvals", "approve", ref, "--yes", "--state", state);
    const revoked = await command("approvals", "revoke", ref, "--reason", "wrong account", "--state", state);
    expect(revoked.exit).toBe(0);
    expect(revoked.stdout).toMatch(/: revoked; approve by .*; revoke by .*: "wrong account"\n$/u);
    await expect(agent.guard(call, () => "sent", { pause: "defer" })).rejects.toMatchObject({ note: "wrong account" });
  });

  it("A-H10: lists equal calls on one row, and answers them together where told to", async () => {
    const agent = await openLeash();
    const calls = [await propose(agent), await propose(agent), await propose(agent)];
    const list = (await command("approvals", "list", "--state", state)).stdout;
    expect(list.match(/send_money/gu)).toHaveLength(1);
    expect(list).toMatch(/send_money .* 3\n/u);
    const ref = calls[1]?.ref ?? "";
    const one = await command("approvals", "approve", ref, "--yes", "--state", state);
    expect(one.stdout.match(/: approved/gu)).toHaveLength(1);
    const rest = await command("approvals", "approve", calls[0]?.ref ?? "", "--yes", "--equal", "--state", state);
    expect(rest.stdout.match(/: approved/gu)).toHaveLength(2);
    await Promise.all(calls.map(({ outcome }) => outcome));
  });

  it("asks for the reason that a yes needs", async () => {
    const call = await propose(await openLeash({ terms: { reasonRequired: true } }));
    const without = await command("approvals", "approve", call.ref, "--yes", "--state", state);
    expect(without).toMatchObject({ exit: 1, stdout: "" });
    expect(without.stderr).toContain("needs a reason");
    const { until, type, exit, stdout } = commandInTerminal("approvals", "approve", call.ref, "--state", state);
    await until("Type yes to approve");
    type("yes\n");
    await until("Reason: ");
    type("invoice 17\n");
    expect(await exit).toBe(0);
    expect(stdout()).toContain('"invoice 17"');
    expect(await call.outcome).toBe("sent");
  });

  it("A-H13: an answer after the time is up changes nothing and says so in one line", async () => {
    const call = await propose(await openLeash({ terms: { expiresInMs: 50 } }));
    await sleep(60);
    for (const name of [call.id, call.ref]) {
      const late = await command("approvals", "approve", name, "--yes", "--state", state);
      expect(late).toMatchObject({ exit: 1, stdout: "" });
      expect(late.stderr).toMatch(/^leash: .*(expired|names no open approval).*\n$/u);
    }
    await expect(call.outcome).rejects.toMatchObject({ code: "LEASH_EXPIRED" });
    expect(call.runs()).toBe(0);
  });

  it("an unknown and an ambiguous ref answer nothing", async () => {
    const agent = await openLeash({ sameRefs: true });
    const [first, second] = [await propose(agent), await propose(agent.as({ subject: "kate" }))];
    expect(first.ref).toBe(second.ref);
    const ambiguous = await command("approvals", "approve", first.ref, "--yes", "--state", state);
    expect(ambiguous.exit).toBe(1);
    expect(ambiguous.stderr).toMatch(/^leash: .*several approvals.*\n$/u);
    for (const verb of ["show", "deny"]) {
      const unknown = await command("approvals", verb, "ZZZZ\u001B[2J", "--state", state);
      expect(unknown).toMatchObject({ exit: 1, stdout: "" });
      expect(unknown.stderr).toMatch(/^leash: [\x20-\x7E]*\n$/u);
    }
    expect((await command("approvals", "deny", second.id, "--state", state)).exit).toBe(0);
    expect((await command("approvals", "show", first.id, "--json", "--state", state)).stdout).toContain(
      '"status":"pending"',
    );
  });

  it("tells the log who was shown the card: by show, and by approve before it asks; programs are shown none", async () => {
    const agent = await openLeash();
    const call = await propose(agent);
    const views = async (): Promise<readonly unknown[]> => {
      const found: unknown[] = [];
      for await (const line of agent.exportLog()) if (line.includes('"approval.viewed"')) found.push(JSON.parse(line));
      return found;
    };
    await command("approvals", "list", "--state", state);
    await command("approvals", "show", call.ref, "--json", "--state", state);
    expect(await views()).toEqual([]);
    await command("approvals", "show", call.ref, "--state", state);
    expect(await views()).toMatchObject([{ approval_id: call.id, actor_type: "person", method: "cli" }]);
    const { until, type, exit } = commandInTerminal("approvals", "approve", call.ref, "--state", state);
    await until(`Type yes to approve ${call.ref}: `);
    type("no\n");
    expect(await exit).toBe(1);
    expect(await views()).toHaveLength(2);
    await command("approvals", "approve", call.ref, "--yes", "--state", state);
    expect(await call.outcome).toBe("sent");
    expect(await views()).toHaveLength(2);
  });

  it("approve in a terminal shows the card first and runs on a yes", async () => {
    const call = await propose(await openLeash());
    const { until, type, exit, shown } = commandInTerminal("approvals", "approve", call.ref, "--state", state);
    await until(`Type yes to approve ${call.ref}: `);
    expect(shown()).toContain('"amount": 12000');
    type("yes\n");
    expect(await exit).toBe(0);
    expect(await call.outcome).toBe("sent");
  });

  it.each(["\n", "no\n", "yes!\n", undefined])(
    "I4: %j in a terminal approves nothing, and the call still waits",
    async (typed) => {
      const call = await propose(await openLeash());
      const { until, type, input, exit, shown, stdout } = commandInTerminal(
        "approvals",
        "approve",
        call.ref,
        "--state",
        state,
      );
      await until("Type yes to approve");
      if (typed === undefined) input.end();
      else type(typed);
      expect(await exit).toBe(1);
      expect(shown()).toContain(`Not approved. ${call.ref} send_money: pending`);
      expect(stdout()).toBe("");
    },
  );

  it("a yes typed before the question was shown does not count", async () => {
    const call = await propose(await openLeash());
    const { until, type, exit } = commandInTerminal("approvals", "approve", call.ref, "--state", state);
    type("yes\n");
    await until("Type yes to approve");
    type("\n");
    expect(await exit).toBe(1);
  });

  it("approve without a terminal and without --yes is wrong usage and touches nothing", async () => {
    const call = await propose(await openLeash());
    const refused = await command("approvals", "approve", call.ref, "--state", state);
    expect(refused).toMatchObject({ exit: 2, stdout: "" });
    expect(refused.stderr).toContain("--yes");
    expect((await command("approvals", "show", call.ref, "--json", "--state", state)).stdout).toContain(
      '"status":"pending"',
    );
  });

  it("--json prints one ASCII object a line with the exact sealed text", async () => {
    const agent = await openLeash();
    const input = { to: "\u202E\u009B2J\u{1F4B8}", amount: 1 };
    const call = await propose(agent, input);
    await propose(agent, { amount: 2 });
    const list = await command("approvals", "list", "--json", "--state", state);
    expect(list.stdout).toMatch(/^(?:[\x20-\x7E]+\n){2}$/u);
    expect(lines(list.stdout)[0]).toMatchObject({
      id: call.id,
      ref: call.ref,
      status: "pending",
      tool: "send_money",
      input_text: call.text,
    });
    expect(JSON.parse(call.text)).toEqual(input);
    const denied = await command("approvals", "deny", call.ref, "--json", "--state", state);
    expect(lines(denied.stdout)).toMatchObject([
      { id: call.id, status: "denied", verdicts: [{ answer: "deny", method: "cli", assurance: "login" }] },
    ]);
  });

  it("A-A26: I9: nothing printed holds key material, a token or what else would approve", async () => {
    const call = await propose(await openLeash());
    const printed: string[] = [];
    const keep = async (...argv: readonly string[]) => {
      printed.push(...Object.values(await command(...argv, "--state", state)).map(String));
    };
    await keep("approvals", "list");
    await keep("approvals", "list", "--json");
    await keep("approvals", "show", call.ref);
    await keep("approvals", "approve", call.ref, "--yes", "--json");
    await keep("approvals", "show", call.id);
    await keep("approvals", "show", call.id, "--json");
    await keep("approvals", "approve", call.id, "--yes");
    await keep("log", "verify");
    const text = printed.join("");
    expect(text).toContain(call.id);
    expect(text).not.toMatch(/k4\.|v4\.|secret|PRIVATE/u);
    const files = await readdir(join(state, "keys"));
    const stored = await Promise.all(files.map((file) => readFile(join(state, "keys", file), "utf8")));
    const secrets = stored.flatMap((key) => key.match(/[A-Za-z0-9_-]{40,}/gu) ?? []);
    expect(secrets.length).toBeGreaterThan(0);
    for (const secret of secrets) expect(text.includes(secret)).toBe(false);
  });

  it("sees only the tenant it was told", async () => {
    const call = await propose((await openLeash()).as({ tenant: "acme" }).as({ subject: "ada" }));
    expect((await command("approvals", "show", call.id, "--state", state)).exit).toBe(1);
    expect((await command("approvals", "show", call.id, "--tenant", "acme", "--state", state)).exit).toBe(0);
  });
});
