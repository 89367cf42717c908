import { describe, expect, it } from "vitest";
import { commandGuard, type CommandOptions } from "../commands.ts";
import { SHELL_FEATURES } from "./check.ts";

const STATE = "/home/alice/.local/state/leashkit/0123456789abcdef0123456789abcdef";
const PROBES = { "self:places": { folders: [STATE], ports: [8787], home: "/home/alice" } };
const LISTS: CommandOptions = { allowedCommands: ["ls", "wc", "stat", "du", "cd", "cat", "timeout"] };

function judge(command: string, options: CommandOptions, cwd?: string): string {
  const guard = commandGuard({ ...options, ...(cwd === undefined ? {} : { cwd: "input.cwd" }) });
  return guard.check({ command, ...(cwd === undefined ? {} : { cwd }) }, PROBES)?.kind ?? "passes";
}

describe("patterns of programs that tell names only", () => {
  it.each(["ls *", "ls src/*", "ls *.pem", "ls id_*", "wc -l src/*", "stat src/*", "du -sh *", "timeout 5 ls */x*"])(
    "pass below the working folder, though a key could be among the names: %s",
    (command) => {
      expect(judge(command, LISTS)).toBe("passes");
      expect(judge(command, LISTS, "/home/alice/projects/shop")).toBe("passes");
      expect(judge(command, LISTS, "/workspace")).toBe("passes");
    },
  );

  it.each(["/", "/home/alice", "/etc", "/home/alice/.local", "/home/alice/.local/state", STATE])(
    "are forbidden where the working folder is %s, which holds protected folders or is one",
    (cwd) => {
      expect(judge("ls *", LISTS, cwd)).toBe("forbidden");
    },
  );

  it("are forbidden behind a `cd` that leads out of the working folder", () => {
    for (const command of ["cd ~ && ls *", "cd .. && ls *", "cd /opt && ls *", "cd src/../.. && ls *"]) {
      expect(judge(command, LISTS), command).toBe("forbidden");
      expect(judge(command, LISTS, "/home/alice/projects/shop"), command).toBe("forbidden");
    }
    expect(judge("cd src && ls *", LISTS)).toBe("passes");
    expect(judge("cd src && ls *", LISTS, "/home/alice/projects/shop")).toBe("passes");
  });

  it("are forbidden where they can meet a folder whose very names are protected", () => {
    for (const command of ["ls .*", "ls .s*/x", "ls .aws/*", "ls src/.en?", "ls leashkit/*", "ls .config/*"]) {
      expect(judge(command, LISTS), command).toBe("forbidden");
    }
  });

  it("are forbidden to programs that read, and where a part is not known", () => {
    expect(judge("cat src/*", LISTS)).toBe("forbidden");
    const everything: CommandOptions = { ...LISTS, allowShell: [...SHELL_FEATURES] };
    expect(judge("ls $(pwd)/*", everything)).toBe("forbidden");
    expect(judge('ls "$x"/*', everything)).toBe("forbidden");
  });

  it("are for a person to lift, and not forbidden, where the program is not listed", () => {
    expect(judge("ls src/*", {})).toBe("outside");
    expect(judge("ls src/*", { ...LISTS, allowShell: [] })).toBe("outside");
    expect(judge("bash -c 'ls src/*'", {})).toBe("outside");
    for (const command of ["ls ~/.ssh/*", "bash -c 'cd ~; ls *'", "bash -c 'ls ~/*'", "./ls src/*", "ls --odd src/*"]) {
      expect(judge(command, {}), command).toBe("forbidden");
    }
  });
});
