import { once } from "node:events";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect, it, vi } from "vitest";

import { LeashError } from "../errors.ts";
import type { Approval, ApprovalStatus } from "../model/approval.ts";
import type { Desk } from "../model/leash.ts";
import { ask, terminal } from "./terminal.ts";

const OPENED = Date.UTC(2026, 0, 1);
const QUIET = 20;

function approvalOf(ref: string, changes: Partial<Approval> = {}): Approval {
  return {
    v: 1,
    id: `id-${ref}`,
    ref,
    status: "pending",
    demand: "approve",
    callKey: "c".repeat(64),
    digest: "d".repeat(64),
    actionId: "019b76da-a800-8000-8000-000000000002",
    identity: "durable",
    tool: "send_money",
    text: '{"amount":12000}',
    principal: { tenant: "local", subject: "ada", agent: "buyer", chain: [] },
    session: null,
    labels: {},
    schemaDigest: null,
    counterparty: null,
    rule: "mid",
    ruleDigest: "e".repeat(64),
    reason: "amounts up to 50000 need a yes",
    policyId: "shop",
    policyDigest: "f".repeat(64),
    terms: {
      expiresInMs: 3_600_000,
      useWithinMs: 900_000,
      quorum: 1,
      roles: [],
      fourEyes: false,
      reasonRequired: false,
      methods: [],
      notify: [],
    },
    requestedAt: OPENED,
    openedAt: OPENED,
    expiresAt: OPENED + 3_600_000,
    settledAt: null,
    verdicts: [],
    ...changes,
  };
}

/** A desk over a map: one winner, a late answer is refused, `wait` wakes when the status changes. */
function fakeDesk(...approvals: readonly Approval[]) {
  const rows = new Map(approvals.map((approval) => [approval.id, approval]));
  const changed = new EventTarget();
  const answers: string[] = [];
  const row = (id: string): Approval => {
    const found = rows.get(id);
    if (found === undefined) throw new LeashError("LEASH_CONFIG_INVALID", `No approval ${id}.`);
    return found;
  };
  const become = (id: string, status: ApprovalStatus): Approval => {
    const next = { ...row(id), status };
    rows.set(id, next);
    changed.dispatchEvent(new Event(id));
    return next;
  };
  const settle = async (id: string, answer: "approve" | "deny", reason: string | undefined): Promise<Approval> => {
    if (row(id).status !== "pending") throw new LeashError("LEASH_EXPIRED", "Too late: its time is up.");
    answers.push(reason === undefined ? `${answer} ${id}` : `${answer} ${id}: ${reason}`);
    return become(id, answer === "approve" ? "approved" : "denied");
  };
  const desk: Desk = {
    approver: { id: "ada" },
    pending: async () => [...rows.values()].filter((approval) => approval.status === "pending"),
    get: async (id) => row(id),
    approve: async (id, options) => settle(id, "approve", options?.reason),
    deny: async (id, options) => settle(id, "deny", options?.reason),
    wait: async (id, options) => {
      if (row(id).status === "pending") {
        await once(changed, id, options?.signal === undefined ? {} : { signal: options.signal }).catch(() => undefined);
      }
      return row(id);
    },
  };
  return { desk, answers, become };
}

function fakeTerminal() {
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    isRaw: false,
    setRawMode(mode: boolean) {
      input.isRaw = mode;
      return input;
    },
  });
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  let shown = "";
  output.setEncoding("utf8").on("data", (text: string) => (shown += text));
  const occurrences = (text: string) => shown.split(text).length - 1;
  return {
    input,
    output,
    shown: () => shown,
    occurrences,
    /** Waits until the output holds `text` so many times. */
    until: (text: string, times = 1) =>
      vi.waitFor(() => expect(occurrences(text)).toBeGreaterThanOrEqual(times), { timeout: 10_000, interval: 2 }),
    /** Long enough for anything that was going to happen. */
    settle: () => sleep(QUIET * 5),
  };
}

function scene(...approvals: readonly Approval[]) {
  const screen = fakeTerminal();
  const office = fakeDesk(...approvals);
  const surface = terminal({
    input: screen.input,
    output: screen.output,
    quietMs: QUIET,
    clock: { now: () => OPENED },
  });
  const attached = surface.attach(office.desk);
  for (const approval of approvals) void attached.opened(approval);
  return { ...screen, ...office, attached };
}

describe("terminal", () => {
  it.each(["y\n", "yes\n", "Y\r\n", "  YES  \n", "y\r"])("approves on the whole line %j", async (typed) => {
    const { until, input, answers, shown } = scene(approvalOf("K7Q2"));
    await until("Approve K7Q2? [y/n/?] ");
    expect(shown()).toContain("Approval K7Q2: a person must answer");
    input.write(typed);
    await until("K7Q2 send_money: approved");
    expect(answers).toEqual(["approve id-K7Q2"]);
  });

  it.each(["n\n", "no\n", "NO\r\n"])("denies on the whole line %j", async (typed) => {
    const { until, input, answers } = scene(approvalOf("K7Q2"));
    await until("Approve K7Q2? ");
    input.write(typed);
    await until("K7Q2 send_money: denied");
    expect(answers).toEqual(["deny id-K7Q2"]);
  });

  it.each(["\n", "yess\n", "ja\n", "y n\n", "yes please\n", "не\n", "\u001B[A\n", `y${" ".repeat(5_000)}n\n`])(
    "I4: takes %j neither for a yes nor for a no and asks again",
    async (typed) => {
      const { until, input, answers, settle } = scene(approvalOf("K7Q2"));
      await until("Approve K7Q2? ");
      input.write(typed);
      await until("Approve K7Q2? ", 2);
      await settle();
      expect(answers).toEqual([]);
    },
  );

  it("reads an answer that comes in pieces, and multi-byte letters across them", async () => {
    const { until, input, answers } = scene(approvalOf("K7Q2"));
    await until("Approve K7Q2? ");
    const bytes = Buffer.from("é\n");
    input.write(bytes.subarray(0, 1));
    await sleep(5);
    input.write(bytes.subarray(1));
    await until("Approve K7Q2? ", 2);
    for (const piece of ["y", "e", "s"]) {
      input.write(piece);
      await sleep(2);
    }
    expect(answers).toEqual([]);
    input.write("\n");
    await until("approved");
    expect(answers).toEqual(["approve id-K7Q2"]);
  });

  it("shows the card again on a question mark", async () => {
    const { until, input, answers } = scene(approvalOf("K7Q2"));
    await until("Approve K7Q2? ");
    input.write("?\n");
    await until("Approve K7Q2? ", 2);
    await until("Approval K7Q2: a person must answer", 2);
    expect(answers).toEqual([]);
  });

  it("I4: the end of the input is no answer, also after a y without its line end", async () => {
    const { until, input, answers, settle } = scene(approvalOf("K7Q2"), approvalOf("M3T8"));
    await until("Approve K7Q2? ");
    input.end("y");
    await until("Not answered here. K7Q2 send_money: pending");
    await until("Not answered here. M3T8 send_money: pending");
    await settle();
    expect(answers).toEqual([]);
  });

  it("I4: a failing input is no answer", async () => {
    const { until, input, answers } = scene(approvalOf("K7Q2"));
    await until("Approve K7Q2? ");
    input.destroy(new Error("gone"));
    await until("Not answered here. K7Q2 send_money: pending");
    expect(answers).toEqual([]);
  });

  it("withdraws the question when the time is up, and a y typed after it is for nobody", async () => {
    const { until, input, answers, become, settle } = scene(approvalOf("K7Q2"));
    await until("Approve K7Q2? ");
    become("id-K7Q2", "expired");
    await until("Not answered here. K7Q2 send_money: expired");
    input.write("y\n");
    await settle();
    expect(answers).toEqual([]);
  });

  it("A-H13: says so when the desk finds the answer too late, and nothing is approved", async () => {
    const { until, input, desk, answers } = scene(approvalOf("K7Q2"));
    desk.approve = async () => {
      throw new LeashError("LEASH_EXPIRED", "Too late: its time is up.");
    };
    await until("Approve K7Q2? ");
    input.write("y\n");
    await until("Not answered: Too late: its time is up.");
    expect(answers).toEqual([]);
  });

  it("what was typed before the question was shown does not count", async () => {
    const screen = fakeTerminal();
    const { desk, answers } = fakeDesk(approvalOf("K7Q2"));
    screen.input.write("y\nyes\n");
    const attached = terminal({ ...screen, quietMs: QUIET }).attach(desk);
    void attached.opened(approvalOf("K7Q2"));
    await screen.until("Approval K7Q2");
    screen.input.write("y\n");
    await screen.until("Approve K7Q2? ");
    await screen.settle();
    expect(answers).toEqual([]);
    screen.input.write("n\n");
    await screen.until("denied");
    expect(answers).toEqual(["deny id-K7Q2"]);
  });

  it("a line begun before the question was shown does not count once it is ended", async () => {
    const screen = fakeTerminal();
    const { desk, answers } = fakeDesk(approvalOf("K7Q2"));
    const attached = terminal({ ...screen, quietMs: QUIET }).attach(desk);
    void attached.opened(approvalOf("K7Q2"));
    await screen.until("Approval K7Q2");
    expect(screen.input.isRaw).toBe(true);
    screen.input.write("y");
    await screen.until("Approve K7Q2? ");
    expect(screen.input.isRaw).toBe(false);
    screen.input.write("\n");
    await screen.until("Approve K7Q2? ", 2);
    expect(answers).toEqual([]);
  });

  it("asks about one approval at a time, and one burst of lines answers one question", async () => {
    const { until, input, answers, occurrences, settle } = scene(approvalOf("K7Q2"), approvalOf("M3T8"));
    await until("Approve K7Q2? ");
    await settle();
    expect(occurrences("M3T8")).toBe(0);
    input.write("y\ny\ny\n");
    await until("Approve M3T8? ");
    await settle();
    expect(answers).toEqual(["approve id-K7Q2"]);
    input.write("n\n");
    await until("M3T8 send_money: denied");
    expect(answers).toEqual(["approve id-K7Q2", "deny id-M3T8"]);
  });

  it("asks once about an approval that is announced twice, and not about one that was settled meanwhile", async () => {
    const { until, input, attached, become, occurrences, settle } = scene(approvalOf("K7Q2"), approvalOf("M3T8"));
    void attached.opened(approvalOf("K7Q2"));
    void attached.opened(approvalOf("M3T8"));
    await until("Approve K7Q2? ");
    become("id-M3T8", "denied");
    input.write("y\n");
    await until("M3T8 send_money: denied");
    await settle();
    expect(occurrences("Approve K7Q2?")).toBe(1);
    expect(occurrences("Approve M3T8?")).toBe(0);
  });

  it("asks again for another approval after the queue ran dry, and leaves the input paused in between", async () => {
    const { until, input, attached, answers } = scene(approvalOf("K7Q2"));
    await until("Approve K7Q2? ");
    input.write("y\n");
    await until("approved");
    expect(input.isPaused()).toBe(true);
    void attached.opened(approvalOf("K7Q2"));
    await until("K7Q2 send_money: approved", 2);
    expect(answers).toEqual(["approve id-K7Q2"]);
  });

  it("A-H8: shows what the desk's store holds, not what the announcement said", async () => {
    const screen = fakeTerminal();
    const { desk } = fakeDesk(approvalOf("K7Q2", { text: '{"operation":"delete"}' }));
    void terminal({ ...screen, quietMs: QUIET })
      .attach(desk)
      .opened(approvalOf("K7Q2", { text: '{"operation":"read"}' }));
    await screen.until("Approve K7Q2? ");
    expect(screen.shown()).toContain('"operation": "delete"');
    expect(screen.shown()).not.toContain("read");
  });

  it("A-H5: control characters in arguments, names and errors do not reach the output raw", async () => {
    const evil = "\u001B]0;x\u0007\u009B2J\u202E\u200B\r";
    const { until, input, shown, desk } = scene(
      approvalOf("K7Q2", { tool: evil, reason: evil, text: JSON.stringify({ [`a${evil}`]: evil }) }),
      approvalOf("M3T8"),
    );
    desk.approve = async () => {
      throw new LeashError("LEASH_STORE_UNAVAILABLE", `down ${evil}`);
    };
    await until("Approve K7Q2? ");
    input.write("y\n");
    await until("Not answered: down");
    await until("Approve M3T8? ");
    expect(/[\p{Cc}\p{Cf}]/u.test(shown().replaceAll("\n", ""))).toBe(false);
  });

  it("asks for a reason where one is demanded, and passes it on", async () => {
    const terms = { ...approvalOf("K7Q2").terms, reasonRequired: true };
    const { until, input, answers } = scene(approvalOf("K7Q2", { terms }));
    await until("Approve K7Q2? ");
    input.write("y\n");
    await until("Reason: ");
    input.write("\n");
    await until("Reason: ", 2);
    expect(answers).toEqual([]);
    input.write("invoice 17 \n");
    await until("approved");
    expect(answers).toEqual(["approve id-K7Q2: invoice 17"]);
  });

  it("I4: the end of the input while a reason is asked is no answer", async () => {
    const terms = { ...approvalOf("K7Q2").terms, reasonRequired: true };
    const { until, input, answers } = scene(approvalOf("K7Q2", { terms }));
    await until("Approve K7Q2? ");
    input.write("y\n");
    await until("Reason: ");
    input.end();
    await until("Not answered here. K7Q2 send_money: pending");
    expect(answers).toEqual([]);
  });

  it("I4: closing withdraws the question, drops the queue and takes nothing more", async () => {
    const { until, input, attached, answers, occurrences, settle } = scene(approvalOf("K7Q2"), approvalOf("M3T8"));
    await until("Approve K7Q2? ");
    attached.close();
    await until("Not answered here. K7Q2 send_money: pending");
    void attached.opened(approvalOf("P5R1"));
    input.write("y\n");
    await settle();
    expect(answers).toEqual([]);
    expect(occurrences("Approve M3T8?") + occurrences("P5R1")).toBe(0);
  });

  it("goes on with the next approval when the desk fails", async () => {
    const { until, desk, answers, input } = scene(approvalOf("M3T8"));
    const attached = terminal({ input, output: fakeTerminal().output, quietMs: QUIET }).attach({
      ...desk,
      get: async () => {
        throw new LeashError("LEASH_STORE_UNAVAILABLE", "The store does not answer.");
      },
    });
    void attached.opened(approvalOf("K7Q2"));
    await until("Approve M3T8? ");
    input.write("n\n");
    await until("M3T8 send_money: denied");
    expect(answers).toEqual(["deny id-M3T8"]);
  });

  it("refuses to attach where nobody can be asked", () => {
    const { desk } = fakeDesk();
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

describe("ask", () => {
  it("passes Ctrl-C on to the process while it waits for quiet", async () => {
    const kill = vi.spyOn(process, "kill").mockReturnValue(true);
    const screen = fakeTerminal();
    const closing = new AbortController();
    const line = ask("Sure? ", { ...screen, quietMs: QUIET }, closing.signal);
    screen.input.write("\u0003");
    await screen.until("Sure? ");
    closing.abort();
    expect(await line).toBeUndefined();
    expect(kill).toHaveBeenCalledWith(process.pid, "SIGINT");
    kill.mockRestore();
  });

  it("leaves the terminal as it found it", async () => {
    const screen = fakeTerminal();
    screen.input.setRawMode(true);
    screen.input.resume();
    const line = ask("Sure? ", { ...screen, quietMs: QUIET });
    await screen.until("Sure? ");
    expect(screen.input.isRaw).toBe(false);
    screen.input.write("no\n");
    expect(await line).toBe("no");
    expect(screen.input.isRaw).toBe(true);
    expect(screen.input.isPaused()).toBe(false);
    for (const event of ["data", "end", "close", "error"]) expect(screen.input.listenerCount(event)).toBe(0);
  });

  it("does not ask once the signal has aborted", async () => {
    const screen = fakeTerminal();
    expect(await ask("Sure? ", { ...screen, quietMs: QUIET }, AbortSignal.abort())).toBeUndefined();
    expect(screen.shown()).toBe("");
  });
});
