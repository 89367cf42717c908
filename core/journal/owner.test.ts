import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { isGone, thisOwner } from "./owner.ts";

/** The pid of a process that ran here and ended. */
function endedPid(): number {
  const { pid, status } = spawnSync(process.execPath, ["--eval", ""]);
  if (status !== 0) throw new Error("the process that should merely end failed");
  return pid;
}

describe("the owner of a call", () => {
  it("is this process, in one place for all of its leashes", () => {
    const [one, two] = [thisOwner("one"), thisOwner("two")];
    expect(one).toEqual({ instance: "one", place: expect.stringMatching(/^[0-9a-f]{32}$/), pid: process.pid });
    expect(two.place).toBe(one.place);
  });

  it("is not gone while its process lives, also one that belongs to somebody else", () => {
    expect(isGone(thisOwner("me"))).toBe(false);
    expect(isGone({ ...thisOwner("init"), pid: 1 })).toBe(false);
  });

  it("is gone when its process ended here", () => {
    expect(isGone({ ...thisOwner("child"), pid: endedPid() })).toBe(true);
  });

  it("is not known to be gone when it ran elsewhere, whatever its pid says here", () => {
    expect(isGone({ instance: "other", place: "0".repeat(32), pid: endedPid() })).toBe(false);
  });
});
