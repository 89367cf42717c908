import { describe, expect, it } from "vitest";
import { commandGuard, type CommandOptions } from "../commands.ts";

const PROBES = { "self:places": { folders: ["/state/leashkit"], ports: [8787], home: "/home/alice" } };

describe("the time of a check", () => {
  const options: CommandOptions = {
    allowedCommands: ["cat", "ls", "curl", "sed", "awk", "jq", "git", "sudo", "bash -lc", "cd"],
    deniedCommands: ["docker", "git push x"],
    allowShell: ["pipes", "lists", "globs", "comments", "redirections", "substitutions", "environment"],
  };
  const full = (unit: string, start = "", end = ""): string =>
    `${start}${unit.repeat(Math.floor((65_536 - start.length - end.length) / unit.length))}${end}`;

  it.each([
    full("'"),
    full('"'),
    full("$("),
    full("\\"),
    full("\\\\", "cat "),
    "(".repeat(100_000),
    "[".repeat(100_000),
    full("[", "cat "),
    full("*", "cat "),
    `cat ${"*a".repeat(200)}${"a".repeat(60_000)}`,
    full("/", "cat "),
    full("/a", "cat "),
    full("../", "cat "),
    full("=a", "cat "),
    full(".en=", "cat "),
    full("a;"),
    full("a|"),
    full("%41", "cat "),
    full("::1,", "curl "),
    full("1.2.3.4,", "curl "),
    full("s/a/b/;", "sed '", "'"),
    full("[", "sed 's/", "'"),
    full("{print}", "awk '", "'"),
    full(".a|", "jq '", "'"),
    full("#\n"),
    full("\\n", "cat $'", "'"),
    full("{a,", "cat "),
    full("a=", "ls --"),
    full("a.=", "", ""),
    `git ${"-x push ".repeat(120)}`,
    `sudo ${Array.from({ length: 200 }, () => `'${"a;".repeat(100)}'`).join(" ")}`,
    `${"cd a;".repeat(100)}cat x`,
    "sh -c ".repeat(80),
  ])("is short for pathological input %#", (command) => {
    const guard = commandGuard(options);
    // Time of the processor, so that what else runs on the machine does not count.
    const times = Array.from({ length: 4 }, () => {
      const before = process.cpuUsage();
      guard.check({ command }, PROBES);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000;
    });
    expect(Math.min(...times)).toBeLessThan(50);
  });
});
