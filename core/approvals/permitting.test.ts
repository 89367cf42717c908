import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createLeash } from "../leash.ts";
import type { AgainTerms } from "../model/allowance.ts";
import type { Approval } from "../model/approval.ts";
import { fakeDesk } from "../testing/fake-desk.ts";
import { fakeTerminal } from "../testing/fake-terminal.ts";
import { sampleApproval } from "../testing/sample-approval.ts";
import { terminal } from "./terminal.ts";

const QUIET = 20;
const HOUR = 3_600_000;
const AGAIN: AgainTerms = { uses: 20, forMs: 8 * HOUR, vary: [["text"]], session: true };

function offering(changes: Partial<Approval> = {}, again: Partial<AgainTerms> = {}): Approval {
  const { terms } = sampleApproval();
  return sampleApproval({ session: "s1", terms: { ...terms, again: { ...AGAIN, ...again } }, ...changes });
}

function scene(...approvals: readonly Approval[]) {
  const screen = fakeTerminal();
  const desk = fakeDesk(approvals);
  const attached = terminal({ ...screen, quietMs: QUIET, clock: { now: () => approvals[0]?.openedAt ?? 0 } }).attach(
    desk,
  );
  for (const approval of approvals) void attached.opened(approval);
  const words = () => screen.shown().replaceAll(/\s+/gu, " ");
  return { ...screen, answers: desk.answers, attached, become: desk.become, words, settle: () => sleep(QUIET * 5) };
}

const QUESTION = "Approve K7Q2? [y/n/a/?] ";
const SURE = "Type yes to approve K7Q2 and permit all that: ";

describe("a standing yes at the terminal", () => {
  it.each([
    ["a", 20, 8 * HOUR, "up to 20 more calls of send_money, within 8 h from now"],
    ["A", 20, 8 * HOUR, "up to 20 more calls of send_money, within 8 h from now"],
    ["a 1", 1, 8 * HOUR, "up to 1 more call of send_money, within 8 h from now"],
    ["a 90min", 20, 5_400_000, "up to 20 more calls of send_money, within 1 h 30 min from now"],
    ["a 5 2h", 5, 2 * HOUR, "up to 5 more calls of send_money, within 2 h from now"],
    ["a  5   7201 s", 5, 7_201_000, "up to 5 more calls of send_money, within 2 h 1 s from now"],
  ])(
    "is given by %j, once the person confirmed in a second answer what it covers",
    async (typed, uses, forMs, said) => {
      const { answers, settle, type, until, words } = scene(offering());
      await until(QUESTION);
      type(`${typed}\n`);
      await until(SURE);
      await settle();
      expect(answers).toEqual([]);
      expect(words()).toContain(said);
      expect(words()).toContain(
        "by the agent buyer for ada of default, in the session s1 only, with shop.storeco.com only",
      );
      expect(words()).toContain("with the input shown, in which input.text may hold anything else of the same kind");
      type("yes\n");
      await until("K7Q2 send_money: approved");
      expect(answers).toEqual([`approve approval-K7Q2 again ${JSON.stringify({ uses, forMs })}`]);
    },
  );

  it.each(["y", "", "a", "n", "yes please", "ja"])(
    "I4: is given by no other word than a whole yes: %j",
    async (typed) => {
      const { answers, type, until } = scene(offering());
      await until(QUESTION);
      type("a 5\n");
      await until(SURE);
      type(`${typed}\n`);
      await until("Nothing was answered.");
      await until(QUESTION, 2);
      expect(answers).toEqual([]);
      type("y\n");
      await until("K7Q2 send_money: approved");
      expect(answers).toEqual(["approve approval-K7Q2"]);
    },
  );

  it("I4: takes no yes that was typed before its scope was shown", async () => {
    const { answers, settle, type, until } = scene(offering());
    await until(QUESTION);
    type("a\nyes\nyes\n");
    await until(SURE);
    await settle();
    expect(answers).toEqual([]);
  });

  it.each([
    ["a 21", "up to 20 calls like it within 8 h"],
    ["a 0", "from 1 call on"],
    ["a 9h", "up to 20 calls like it within 8 h"],
    ["a 0s", "up to 20 calls like it within 8 h"],
    ["a 99999999999999999999", "up to 20 calls like it within 8 h"],
    ["a 5 9d", "up to 20 calls like it within 8 h"],
  ])("I4: %j goes beyond what the policy offers, which is said", async (typed, said) => {
    const { answers, type, until, words } = scene(offering());
    await until(QUESTION);
    type(`${typed}\n`);
    await until(QUESTION, 2);
    expect(words()).toContain(`The policy lets you permit up to 20 calls like it within 8 h, and from 1 call on.`);
    expect(words()).toContain(said);
    expect(answers).toEqual([]);
  });

  it.each(["again", "a5", "a 5 5", "a -1", "a 2h 5", "a 1.5", "a 5x", "a\u00A05h!", "ａ"])(
    "I4: takes %j for no answer, and says what would be one",
    async (typed) => {
      const { answers, type, until, words } = scene(offering());
      await until(QUESTION);
      type(`${typed}\n`);
      await until(QUESTION, 2);
      expect(words()).toContain(
        "a does what y does and, once you confirm it, permits up to 20 calls like it within 8 h",
      );
      expect(answers).toEqual([]);
    },
  );

  it.each<[string, Approval]>([
    ["the policy offers none", sampleApproval()],
    ["a step-up is asked", offering({ demand: "step_up" })],
    ["more than one person is asked", offering({ terms: { ...offering().terms, quorum: 2 } })],
    ["the call belongs to no session, and one is demanded", offering({ session: null })],
  ])("is not offered where %s", async (_why, approval) => {
    const { answers, shown, type, until } = scene(approval);
    await until("Approve K7Q2? [y/n/?] ");
    type("a\n");
    await until("Approve K7Q2? [y/n/?] ", 2);
    expect(shown()).not.toContain("permits");
    expect(answers).toEqual([]);
  });

  it("goes with the answer to the call that was shown, and with none of the equal ones", async () => {
    const { answers, type, until } = scene(offering(), offering({ ref: "A2A2", id: "approval-A2A2" }));
    await until("Approve K7Q2 and 1 equal call? [y/n/a/?] ");
    type("a 2\n");
    await until(SURE);
    type("yes\n");
    await until("A2A2 send_money: approved");
    expect(answers).toEqual([
      `approve approval-K7Q2 again ${JSON.stringify({ uses: 2, forMs: 8 * HOUR })}`,
      "approve approval-A2A2",
    ]);
  });

  it("I4: is not given once the question was settled elsewhere, or nobody types any more", async () => {
    const first = scene(offering());
    await first.until(QUESTION);
    first.type("a\n");
    await first.until(SURE);
    first.become("approval-K7Q2", "expired");
    await first.until("Not answered here. K7Q2 send_money: expired");
    const second = scene(offering());
    await second.until(QUESTION);
    second.type("a\n");
    await second.until(SURE);
    second.input.end("yes");
    await second.until("Not answered here. K7Q2 send_money: pending");
    expect([...first.answers, ...second.answers]).toEqual([]);
  });

  it("A-H5: shows nothing that anyone wrote raw, and lets nothing of it start a row", async () => {
    const evil = "x\u001B[2J\u202E\u200B\nType yes to approve";
    const principal = { tenant: evil, subject: evil, agent: evil, chain: [evil] };
    const approval = offering(
      { tool: evil, session: evil, principal, counterparty: { id: evil, trust: "HIGH" } },
      { vary: [[evil], ["text"]] },
    );
    const { shown, type, until } = scene(approval);
    await until(QUESTION);
    const before = shown().length;
    type("a\n");
    await until(SURE);
    const rows = shown().slice(before).split("\n");
    expect(/[\p{Cc}\p{Cf}]/u.test(rows.join(""))).toBe(false);
    expect(rows.filter((row) => row.startsWith("Type yes"))).toEqual([SURE]);
    expect(rows.every((row) => row.startsWith("  ") || row === SURE || row.length <= 80)).toBe(true);
  });

  it("permits at a real desk just what was confirmed", async () => {
    const screen = fakeTerminal();
    const policy = {
      text: `leash: 1
rules:
  - { id: mail, action: mail, effect: approve, approval: { again: { uses: 9, for: 8h, vary: [input.text], session: false } } }`,
    };
    const leash = await createLeash({ policy, store: "memory", notify: terminal({ ...screen, quietMs: QUIET }) });
    leash.register({ id: "mail" });
    const send = (text: string, options: object = {}): Promise<unknown> =>
      leash.guard({ tool: "mail", input: { to: "ann", text } }, () => "sent", options);
    const first = send("one");
    await screen.until("[y/n/a/?] ");
    screen.type("a 1 1h\n");
    await screen.until("permit all that: ");
    screen.type("yes\n");
    expect(await first).toBe("sent");
    const [allowance] = await leash.desk({ id: "ann" }).allowances();
    expect(allowance).toMatchObject({ uses: 1, used: 0 });
    expect((allowance?.expiresAt ?? 0) - (allowance?.grantedAt ?? 0)).toBe(HOUR);
    expect(await send("two")).toBe("sent");
    await expect(send("three", { pause: "defer" })).rejects.toMatchObject({ code: "LEASH_PENDING" });
    await leash.close();
  });
});
