import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect, it } from "vitest";

import { LeashError } from "../errors.ts";
import type { Approval } from "../model/approval.ts";
import type { Desk } from "../model/desk.ts";
import { fakeDesk } from "../testing/fake-desk.ts";
import { fakeTerminal } from "../testing/fake-terminal.ts";
import { sampleApproval } from "../testing/sample-approval.ts";
import { terminal } from "./terminal.ts";

const QUIET = 20;
const FIRST = sampleApproval({ ref: "K7Q2" });
const SECOND = sampleApproval({ ref: "M3T8", text: '{"amount":1}' });

function scene(...approvals: readonly Approval[]) {
  const screen = fakeTerminal();
  const desk = fakeDesk(approvals);
  const clock = { now: () => FIRST.openedAt };
  const attached = terminal({ ...screen, quietMs: QUIET, clock }).attach(desk);
  for (const approval of approvals) void attached.opened(approval);
  /** Long enough for anything that was going to happen. */
  const settle = () => sleep(QUIET * 5);
  return { ...screen, desk, answers: desk.answers, become: desk.become, attached, settle };
}

describe("terminal", () => {
  it.each(["y\n", "yes\n", "Y\r\n", "  YES  \n", "y\r"])("approves on the whole line %j", async (typed) => {
    const { until, type, answers, shown } = scene(FIRST);
    await until("Approve K7Q2? [y/n/?] ");
    expect(shown()).toContain("Approval K7Q2: a person must answer");
    type(typed);
    await until("K7Q2 send_money: approved");
    expect(answers).toEqual(["approve approval-K7Q2"]);
  });

  it("A-H12: says how many of how many said yes, and does not ask who answered again", async () => {
    const verdict = {
      v: 1,
      answer: "approve",
      approver: "Ada",
      roles: [],
      method: "page",
      assurance: "login",
    } as const;
    const voted = { ...verdict, device: null, reason: null, at: FIRST.openedAt, token: "" };
    const terms = { ...FIRST.terms, quorum: 2 };
    const { until, count, settle } = scene({ ...FIRST, terms, verdicts: [voted] }, { ...SECOND, terms });
    await until("K7Q2 send_money: pending (1 of 2); approve by Ada");
    await until("Approval M3T8: a person must answer (0 of 2)");
    await until("Approve M3T8? ");
    await settle();
    expect(count("Approve K7Q2?")).toBe(0);
  });

  it("A-H10: asks once about equal calls and answers all that it named", async () => {
    const twins = ["A2A2", "B3B3"].map((ref) => sampleApproval({ ref }));
    const { until, type, answers } = scene(FIRST, ...twins, SECOND);
    await until("Approve K7Q2 and 2 equal calls? [y/n/?] ");
    type("y\n");
    await until("Approve M3T8? [y/n/?] ");
    expect(answers).toEqual(["approve approval-K7Q2", "approve approval-A2A2", "approve approval-B3B3"]);
  });

  it("A-H10: asks about equal calls one by one where each takes a step-up", async () => {
    const { until } = scene(...["A2A2", "B3B3"].map((ref) => sampleApproval({ ref, demand: "step_up" })));
    await until("Approve A2A2? [y/n/?] ");
  });

  it.each(["n\n", "no\n", "NO\r\n"])("denies on the whole line %j", async (typed) => {
    const { until, type, answers } = scene(FIRST);
    await until("Approve K7Q2? ");
    type(typed);
    await until("K7Q2 send_money: denied");
    expect(answers).toEqual(["deny approval-K7Q2"]);
  });

  it("says once that the card is shown, however often it is, and of what is not asked not at all", async () => {
    const { until, type, desk, attached } = scene(FIRST, { ...SECOND, status: "denied" });
    await until("Approve K7Q2? ");
    type("?\n");
    await until("Approve K7Q2? ", 2);
    type("y\n");
    await until("M3T8 send_money: denied");
    expect(desk.views).toEqual(["approval-K7Q2"]);
    attached.close();
  });

  it("I4: takes an answer though the log does not take that the card was shown", async () => {
    const desk: Desk & { readonly answers: readonly string[] } = {
      ...fakeDesk([FIRST]),
      viewed: () => new Promise(() => undefined),
    };
    const screen = fakeTerminal();
    const clock = { now: () => FIRST.openedAt };
    void terminal({ ...screen, quietMs: QUIET, clock })
      .attach(desk)
      .opened(FIRST);
    await screen.until("Approve K7Q2? ");
    screen.type("y\n");
    await screen.until("K7Q2 send_money: approved");
    expect(desk.answers).toEqual(["approve approval-K7Q2"]);
  });

  it.each(["\n", "yess\n", "ja\n", "y n\n", "yes please\n", "не\n", "\u001B[A\n", `y${" ".repeat(5_000)}n\n`])(
    "I4: takes %j neither for a yes nor for a no and asks again",
    async (typed) => {
      const { until, type, answers, settle } = scene(FIRST);
      await until("Approve K7Q2? ");
      type(typed);
      await until("Approve K7Q2? ", 2);
      await settle();
      expect(answers).toEqual([]);
    },
  );

  it("shows the card again on a question mark", async () => {
    const { until, type, answers } = scene(FIRST);
    await until("Approve K7Q2? ");
    type("?\n");
    await until("Approve K7Q2? ", 2);
    await until("Approval K7Q2: a person must answer", 2);
    expect(answers).toEqual([]);
  });

  it("I4: the end of the input is no answer, also after a y without its line end", async () => {
    const { until, input, answers, settle } = scene(FIRST, SECOND);
    await until("Approve K7Q2? ");
    input.end("y");
    await until("Not answered here. K7Q2 send_money: pending");
    await until("Not answered here. M3T8 send_money: pending");
    await settle();
    expect(answers).toEqual([]);
  });

  it("I4: a failing input is no answer", async () => {
    const { until, input, answers } = scene(FIRST);
    await until("Approve K7Q2? ");
    input.destroy(new Error("gone"));
    await until("Not answered here. K7Q2 send_money: pending");
    expect(answers).toEqual([]);
  });

  it("withdraws the question when the time is up, and a y typed after it is for nobody", async () => {
    const { until, type, answers, become, settle } = scene(FIRST);
    await until("Approve K7Q2? ");
    become("approval-K7Q2", "expired");
    await until("Not answered here. K7Q2 send_money: expired");
    type("y\n");
    await settle();
    expect(answers).toEqual([]);
  });

  it("A-H13: says so when the desk finds the answer too late, and nothing is approved", async () => {
    const { until, type, desk, answers } = scene(FIRST);
    desk.approve = async () => {
      throw new LeashError("LEASH_EXPIRED", "Too late: its time is up.");
    };
    await until("Approve K7Q2? ");
    type("y\n");
    await until("Not answered: Too late: its time is up.");
    expect(answers).toEqual([]);
  });

  it("asks about one approval at a time, and one burst of lines answers one question", async () => {
    const { until, type, answers, count, settle } = scene(FIRST, SECOND);
    await until("Approve K7Q2? ");
    await settle();
    expect(count("M3T8")).toBe(0);
    type("y\ny\ny\n");
    await until("Approve M3T8? ");
    await settle();
    expect(answers).toEqual(["approve approval-K7Q2"]);
    type("n\n");
    await until("M3T8 send_money: denied");
    expect(answers).toEqual(["approve approval-K7Q2", "deny approval-M3T8"]);
  });

  it("asks once about an approval that is announced twice, and not about one that was settled meanwhile", async () => {
    const { until, type, attached, become, count, settle } = scene(FIRST, SECOND);
    void attached.opened(FIRST);
    void attached.opened(SECOND);
    await until("Approve K7Q2? ");
    become("approval-M3T8", "denied");
    type("y\n");
    await until("M3T8 send_money: denied");
    await settle();
    expect(count("Approve K7Q2?")).toBe(1);
    expect(count("Approval M3T8") + count("Approve M3T8?")).toBe(0);
    expect(count("M3T8 send_money: denied")).toBe(1);
  });

  it("asks again for another approval after the queue ran dry, and leaves the input paused in between", async () => {
    const { until, input, attached, answers, type } = scene(FIRST);
    await until("Approve K7Q2? ");
    type("y\n");
    await until("approved");
    expect(input.isPaused()).toBe(true);
    void attached.opened(FIRST);
    await until("K7Q2 send_money: approved", 2);
    expect(answers).toEqual(["approve approval-K7Q2"]);
  });

  it("asks for a reason where one is demanded, and passes it on", async () => {
    const terms = { ...FIRST.terms, reasonRequired: true };
    const { until, type, answers } = scene(sampleApproval({ ref: "K7Q2", terms }));
    await until("Approve K7Q2? ");
    type("y\n");
    await until("Reason: ");
    type("\n");
    await until("Reason: ", 2);
    expect(answers).toEqual([]);
    type("invoice 17 \n");
    await until("approved");
    expect(answers).toEqual(["approve approval-K7Q2: invoice 17"]);
  });

  it("I4: the end of the input while a reason is asked is no answer", async () => {
    const terms = { ...FIRST.terms, reasonRequired: true };
    const { until, input, answers, type } = scene(sampleApproval({ ref: "K7Q2", terms }));
    await until("Approve K7Q2? ");
    type("y\n");
    await until("Reason: ");
    input.end();
    await until("Not answered here. K7Q2 send_money: pending");
    expect(answers).toEqual([]);
  });

  it("I4: closing withdraws the question, drops the queue and takes nothing more", async () => {
    const { until, type, attached, answers, count, settle } = scene(FIRST, SECOND);
    await until("Approve K7Q2? ");
    attached.close();
    await until("Not answered here. K7Q2 send_money: pending");
    void attached.opened(sampleApproval({ ref: "P5R1" }));
    type("y\n");
    await settle();
    expect(answers).toEqual([]);
    expect(count("Approve M3T8?") + count("P5R1")).toBe(0);
  });

  it("goes on with the next approval when the desk fails", async () => {
    const screen = fakeTerminal();
    const desk = fakeDesk([FIRST, SECOND]);
    const failing = {
      ...desk,
      get: async (id: string) => {
        if (id === FIRST.id) throw new LeashError("LEASH_STORE_UNAVAILABLE", "The store does not answer.");
        return desk.get(id);
      },
    };
    const attached = terminal({ ...screen, quietMs: QUIET }).attach(failing);
    void attached.opened(FIRST);
    void attached.opened(SECOND);
    await screen.until("Not answered: The store does not answer.");
    await screen.until("Approve M3T8? ");
    screen.type("n\n");
    await screen.until("M3T8 send_money: denied");
    expect(desk.answers).toEqual(["deny approval-M3T8"]);
  });

  it("refuses to attach where nobody can be asked", () => {
    const desk = fakeDesk([]);
    for (const streams of [
      { ...fakeTerminal(), input: new PassThrough() },
      { ...fakeTerminal(), output: new PassThrough() },
    ]) {
      expect(() => terminal(streams).attach(desk)).toThrowError(
        expect.objectContaining({
          code: "LEASH_CONFIG_INVALID",
          message: expect.stringContaining("not both a terminal"),
        }),
      );
    }
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("refuses quietMs %d", (quietMs) => {
    expect(() => terminal({ quietMs })).toThrowError(expect.objectContaining({ code: "LEASH_CONFIG_INVALID" }));
  });

  it("answers as the operating-system user unless another approver is named", () => {
    expect(terminal().approver).toMatchObject({ method: "terminal", assurance: "login" });
    expect(terminal().approver.id).not.toBe("");
    expect(terminal({ approver: { id: "kate" } }).approver).toEqual({ id: "kate" });
  });
});
