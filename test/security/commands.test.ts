import { describe, expect, it } from "vitest";
import { SHELL_FEATURES } from "../../core/policy/guards/command/check.ts";
import { commandGuard, type CommandOptions } from "../../core/policy/guards/commands.ts";
import { UNIX_LINES, WINDOWS_LINES } from "./commands-binaries.table.ts";
import { EVERYDAY, EVERYDAY_POLICY } from "./commands-everyday.table.ts";
import { BESIDE_THE_LIST, DANGEROUS, PROTECTED } from "./commands-spellings.table.ts";
import { CLEVER_TRICKS } from "./commands-tricks.table.ts";

const PROBES = {
  "self:places": {
    folders: ["/home/alice/.local/state/leashkit/0123456789abcdef0123456789abcdef"],
    ports: [8787],
    home: "/home/alice",
  },
};

function kindOf(command: string | string[], options: CommandOptions): string {
  return commandGuard(options).check({ command }, PROBES)?.kind ?? "passes";
}

const EVERYTHING = [...SHELL_FEATURES];

/** Every word of the lines that could name a program: the most that a policy could allow. */
function programsIn(lines: readonly string[]): readonly string[] {
  return [
    ...new Set(lines.flatMap((line) => line.split(/[\s|;&()'"]+/).filter((word) => /^[a-z][a-z0-9.]*$/.test(word)))),
  ];
}

const everyday: CommandOptions = {
  allowedCommands: [...EVERYDAY_POLICY.allowedCommands, ...EVERYDAY_POLICY.named],
  allowShell: EVERYDAY_POLICY.allowShell,
};

describe("programs that can do more than their name says", () => {
  it("A-A19: there are enough of them to mean something", () => {
    expect(UNIX_LINES.length).toBeGreaterThan(450);
    expect(new Set([...UNIX_LINES, ...WINDOWS_LINES]).size).toBe(UNIX_LINES.length + WINDOWS_LINES.length);
  });

  it.each([...UNIX_LINES, ...WINDOWS_LINES])("A-A19: the name alone does not allow %j", (line) => {
    const program = line.split(" ", 1).join("");
    expect(kindOf(line, { allowedCommands: [program] })).not.toBe("passes");
    expect(kindOf(line, { allowedCommands: [program], allowShell: EVERYTHING })).not.toBe("passes");
  });

  it("A-A19: the name does allow what is harmless", () => {
    const harmless = ["git status", "find . -name x", "tar tf x.tar", "sort x", "sed -n 5p x", "rg x", "npm test"];
    for (const line of harmless) {
      expect(kindOf(line, { allowedCommands: [line.split(" ", 1).join("")] }), line).toBe("passes");
    }
  });

  it.each(CLEVER_TRICKS)("A-A19: %j does not pass where everyday work does", (line) => {
    expect(kindOf(line, everyday)).not.toBe("passes");
  });
});

describe("commands that nobody's yes lifts", () => {
  const lines = [...DANGEROUS, ...PROTECTED];
  const permissive: CommandOptions = { allowedCommands: programsIn(lines), allowShell: EVERYTHING };

  it.each(DANGEROUS)("C: %j is forbidden, whatever is allowed", (line) => {
    expect(kindOf(line, permissive)).toBe("forbidden");
    expect(kindOf(line, everyday)).toBe("forbidden");
    expect(kindOf(line, {})).toBe("forbidden");
  });

  it.each(PROTECTED)("C: %j reaches a protected place, whatever is allowed", (line) => {
    expect(kindOf(line, permissive)).toBe("forbidden");
    expect(kindOf(line, everyday)).toBe("forbidden");
    expect(kindOf(line, {})).toBe("forbidden");
  });

  it.each(BESIDE_THE_LIST.forbidden)("C: %j is forbidden where ls, git and find are allowed", (line) => {
    expect(kindOf(line, { allowedCommands: ["ls", "git", "find", "cd"] })).toBe("forbidden");
  });

  it.each(BESIDE_THE_LIST.outside)("C: %j is not listed where ls, git and find are allowed", (line) => {
    expect(kindOf(line, { allowedCommands: ["ls", "git", "find", "cd"] })).toBe("outside");
  });

  it("C: what is forbidden stays so beside commands that are only not listed", () => {
    for (const line of ["cat .env; rm -rf /", "unknown; rm -rf /", "rm -rf /; unknown", "unknown | cat .env"]) {
      expect(kindOf(line, { allowedCommands: ["cat"] }), line).toBe("forbidden");
    }
  });

  it("C: an entry that names a dangerous command does not allow it", () => {
    for (const line of ["rm -rf /", "cat .env", "env", "shutdown now", "mkfs.ext4 x", "kill -9 -1"]) {
      expect(kindOf(line, { allowedCommands: [line.split(" ", 1).join(""), line], allowShell: EVERYTHING }), line).toBe(
        "forbidden",
      );
    }
  });

  it("C: a list of words is checked like a line, without a shell", () => {
    for (const command of [
      ["rm", "-rf", "/"],
      ["sh", "-c", "rm -rf /"],
      ["bash", "-lc", 'cat ~/.ss""h/id_rsa'],
      ["cat", "/home/alice/.ssh/id_rsa"],
      ["git", "-c", "alias.x=!id", "x"],
      ["env", "LD_PRELOAD=/tmp/evil.so", "ls"],
      ["cat", "x\u0000y"],
      ["cat", "x\u200by"],
      ["curl", "http://169.254.169.254/"],
    ]) {
      expect(kindOf(command, permissive), command.join(" ")).toBe("forbidden");
      expect(kindOf(command, everyday), command.join(" ")).toBe("forbidden");
    }
  });
});

describe("what happened to others", () => {
  it("C: installing, owning and moving things is at least not listed", () => {
    for (const line of ["apt install x", "chown -R ada /home/alice", "chown -R ada ~", "mv ~/.ssh ~/.ssh.bak"]) {
      expect(kindOf(line, everyday), line).not.toBe("passes");
      expect(kindOf(line, { allowedCommands: ["apt", "chown", "mv"] }), line).not.toBe("passes");
    }
  });

  it("C: the `timeout` field of a shell tool changes nothing", () => {
    const guard = commandGuard(everyday);
    expect(guard.check({ command: "rm -rf /", timeout: 120_000, description: "clean" }, PROBES)?.kind).toBe(
      "forbidden",
    );
    expect(guard.check({ command: "ls", timeout: 120_000, description: "list" }, PROBES)).toBeUndefined();
  });
});

describe("everyday work", () => {
  it("is enough to mean something", () => {
    expect(EVERYDAY.length).toBeGreaterThan(150);
  });

  it.each(EVERYDAY)("A-A19: %j passes", (line) => {
    const refusal = commandGuard(everyday).check({ command: line }, PROBES);
    expect(refusal).toBeUndefined();
  });
});
