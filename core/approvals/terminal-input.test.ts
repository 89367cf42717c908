import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect, it, vi } from "vitest";

import { LeashError } from "../errors.ts";
import type { Approval } from "../model/approval.ts";
import { fakeDesk } from "../testing/fake-desk.ts";
import { fakeTerminal } from "../testing/fake-terminal.ts";
import { sampleApproval } from "../testing/sample-approval.ts";
import { ask } from "./keyboard.ts";
import { terminal } from "./terminal.ts";

const QUIET = 20;
const FIRST = sampleApproval({ ref: "K7Q2" });
const SECOND = sampleApproval({ ref: "M3T8" });

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

describe("terminal, before and while it asks", () => {
  it("what was typed before the question was shown does not count", async () => {
    const screen = fakeTerminal();
    const desk = fakeDesk([FIRST]);
    screen.type("y\nyes\n");
    const attached = terminal({ ...screen, quietMs: QUIET }).attach(desk);
    void attached.opened(FIRST);
    await screen.until("Approval K7Q2");
    screen.type("y\n");
    await screen.until("Approve K7Q2? ");
    await sleep(QUIET * 5);
    expect(desk.answers).toEqual([]);
    screen.type("n\n");
    await screen.until("denied");
    expect(desk.answers).toEqual(["deny approval-K7Q2"]);
  });

  it("a line begun before the question was shown does not count once it is ended", async () => {
    const screen = fakeTerminal();
    const desk = fakeDesk([FIRST]);
    const attached = terminal({ ...screen, quietMs: QUIET }).attach(desk);
    void attached.opened(FIRST);
    await screen.until("Approval K7Q2");
    expect(screen.input.isRaw).toBe(true);
    screen.type("y");
    await screen.until("Approve K7Q2? ");
    expect(screen.input.isRaw).toBe(false);
    screen.type("\n");
    await screen.until("Approve K7Q2? ", 2);
    expect(desk.answers).toEqual([]);
  });

  it("reads an answer that comes in pieces, and multi-byte letters across them", async () => {
    const { until, type, answers } = scene(FIRST);
    await until("Approve K7Q2? ");
    const bytes = Buffer.from("é\n");
    type(bytes.subarray(0, 1));
    await sleep(5);
    type(bytes.subarray(1));
    await until("Approve K7Q2? ", 2);
    for (const piece of ["y", "e", "s"]) {
      type(piece);
      await sleep(2);
    }
    expect(answers).toEqual([]);
    type("\n");
    await until("approved");
    expect(answers).toEqual(["approve approval-K7Q2"]);
  });

  it("A-H8: shows what the desk's store holds, not what the announcement said", async () => {
    const screen = fakeTerminal();
    const desk = fakeDesk([sampleApproval({ ref: "K7Q2", text: '{"operation":"delete"}' })]);
    void terminal({ ...screen, quietMs: QUIET })
      .attach(desk)
      .opened(sampleApproval({ ref: "K7Q2", text: '{"operation":"read"}' }));
    await screen.until("Approve K7Q2? ");
    expect(screen.shown()).toContain('"operation": "delete"');
    expect(screen.shown()).not.toContain("read");
  });

  it("A-H5: control characters in arguments, names and errors do not reach the output raw", async () => {
    const evil = "\u001B]0;x\u0007\u009B2J\u202E\u200B\r";
    const { until, type, shown, desk } = scene(
      sampleApproval({ ref: "K7Q2", tool: evil, reason: evil, text: JSON.stringify({ [`a${evil}`]: evil }) }),
      SECOND,
    );
    desk.approve = async () => {
      throw new LeashError("LEASH_STORE_UNAVAILABLE", `down ${evil}`);
    };
    await until("Approve K7Q2? ");
    type("y\n");
    await until("Not answered: down");
    await until("Approve M3T8? ");
    expect(/[\p{Cc}\p{Cf}]/u.test(shown().replaceAll("\n", ""))).toBe(false);
  });
});

describe("ask", () => {
  it("passes Ctrl-C on to the process while it waits for quiet", async () => {
    const kill = vi.spyOn(process, "kill").mockReturnValue(true);
    const screen = fakeTerminal();
    const closing = new AbortController();
    const line = ask("Sure? ", { ...screen, quietMs: QUIET }, closing.signal);
    screen.type("\u0003");
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
    screen.type("no\n");
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
