import { describe, expect, it } from "vitest";
import type { Json } from "../../model/json.ts";
import { commandForm, commandGuard, type CommandOptions } from "./commands.ts";
import { readForm } from "./form.fixture.ts";

const PLACES = { folders: ["/home/alice/.local/state/leashkit/abcdef0123456789"], ports: [8787], home: "/home/alice" };
const PROBES = { "self:places": PLACES };

function judge(command: Json, options: CommandOptions = {}, input: { readonly [key: string]: Json } = {}): string {
  const refusal = commandGuard(options).check({ command, ...input }, PROBES);
  return refusal === undefined ? "passes" : `${refusal.kind} ${refusal.code}`;
}

const BASIC: CommandOptions = {
  allowedCommands: ["ls", "cat", "echo", "git status", "git commit", "npm run", "cd", "rm"],
};

describe("allowed commands", () => {
  it("are programs, or programs with the words that must come first", () => {
    expect(judge("ls -la", BASIC)).toBe("passes");
    expect(judge("git status --short", BASIC)).toBe("passes");
    expect(judge("git --no-pager status", BASIC)).toBe("passes");
    expect(judge("git log", BASIC)).toBe("outside command_not_listed");
    expect(judge("git -c x=y status", BASIC)).toBe("outside command_not_listed");
    expect(judge("npm run build", BASIC)).toBe("passes");
    expect(judge("npm --silent run build", BASIC)).toBe("passes");
    expect(judge("npm test", BASIC)).toBe("outside command_not_listed");
    expect(judge("id", BASIC)).toBe("outside command_not_listed");
    expect(judge("ls")).toBe("outside command_not_listed");
  });

  it("are all commands of a line", () => {
    expect(judge("ls && cat x; ls | cat", BASIC)).toBe("passes");
    expect(judge("ls && id", BASIC)).toBe("outside command_not_listed");
    expect(judge("ls | id", BASIC)).toBe("outside command_not_listed");
    expect(judge("ls\nid", BASIC)).toBe("outside command_not_listed");
  });

  it("are not other programs of the same name", () => {
    for (const line of ["/bin/ls", "./ls", "/tmp/evil/ls", "~/ls"]) {
      expect(judge(line, BASIC), line).toBe("forbidden program_path");
    }
    expect(judge("./other", BASIC)).toBe("outside command_not_listed");
    expect(judge("LS", BASIC)).toBe("outside command_not_listed");
    expect(judge("./gradlew test", { allowedCommands: ["./gradlew test"] })).toBe("passes");
    expect(judge("./gradlew clean", { allowedCommands: ["./gradlew test"] })).toBe("outside command_not_listed");
    expect(judge("./scripts/x.sh a", { allowedCommands: ["./scripts/x.sh"] })).toBe("passes");
    expect(judge("/bin/bash -c id", { allowedCommands: ["/bin/bash"] })).toBe("outside program_named_only");
  });

  it("must be known before they run", () => {
    const options: CommandOptions = { ...BASIC, allowShell: ["substitutions", "globs", "lists"] };
    for (const line of ["$x", "l$x", "$(echo ls)", "l?", "~ada/ls", "''", "{ls,x}"]) {
      expect(judge(line, options), line).toBe("forbidden program_unknown");
    }
  });

  it("hold programs with a grammar to their harmless options", () => {
    expect(judge("git commit -m 'a; rm -rf x'", BASIC)).toBe("passes");
    expect(judge("git commit --no-verify -m x", BASIC)).toBe("forbidden argument_forbidden");
    expect(judge("git commit --no-ver -m x", BASIC)).toBe("forbidden argument_forbidden");
    expect(judge("git commit --something", BASIC)).toBe("outside argument_not_listed");
    expect(judge("ls --something", BASIC)).toBe("outside argument_not_listed");
    expect(judge("npm run build --script-shell=x", BASIC)).toBe("forbidden argument_forbidden");
    expect(judge("npm run build -- --script-shell=x", BASIC)).toBe("passes");
    expect(judge("git commit -m", BASIC)).toBe("outside argument_not_listed");
    expect(judge("git commit -am x", BASIC)).toBe("passes");
    expect(judge("git commit -ae", BASIC)).toBe("forbidden argument_forbidden");
  });

  it("admit only plain words for programs that are not known", () => {
    const options: CommandOptions = { allowedCommands: ["frobnicate"] };
    for (const line of [
      "frobnicate",
      "frobnicate build src/x.ts",
      "frobnicate -v --fast --level=3",
      "frobnicate --version",
    ]) {
      expect(judge(line, options), line).toBe("passes");
    }
    for (const words of [
      "/x",
      "../x",
      "~/x",
      ".hidden",
      "-c x",
      "-o x",
      "-x",
      "--exec=x",
      "--config x",
      "--output-file=x",
      "--level=/x",
      "http://x",
      "'a b'",
      "'a;b'",
      "'a(b)'",
      "*.ts",
      "sh",
      "python3",
      "bin/bash",
      "a=b",
    ]) {
      expect(judge(`frobnicate ${words}`, options), words).toMatch(/^outside argument_not_listed/);
    }
  });

  it("admit interpreters and wrappers only with the words that are named", () => {
    const options: CommandOptions = {
      allowedCommands: ["node", "python3 tools/x.py", "sudo systemctl status", "npx vitest"],
    };
    expect(judge("node x.js", options)).toMatch(/^outside/);
    expect(judge("node", options)).toBe("outside program_named_only");
    expect(judge("python3 tools/x.py --all 'a b'", options)).toBe("passes");
    expect(judge("python3 tools/y.py", options)).toBe("outside command_not_listed");
    expect(judge("sudo systemctl status x", options)).toBe("passes");
    expect(judge("sudo systemctl stop x", options)).toBe("outside command_not_listed");
    expect(judge("npx vitest run src", options)).toBe("passes");
    expect(judge("npx vitest --config=x", options)).toBe("forbidden argument_forbidden");
    expect(judge("bash", { allowedCommands: ["bash"] })).toBe("outside program_named_only");
  });

  it("see through wrappers that do nothing else", () => {
    const options: CommandOptions = { allowedCommands: ["timeout", "env", "ls"], allowShell: ["environment"] };
    expect(judge("timeout 5 ls -l", options)).toBe("passes");
    expect(judge("timeout 5 timeout 5 ls", options)).toBe("passes");
    expect(judge("timeout 5 id", options)).toBe("outside command_not_listed");
    expect(judge("timeout 5 ls --evil", options)).toBe("outside argument_not_listed");
    expect(judge("timeout 5", options)).toBe("outside argument_not_listed");
    expect(judge("env CI=1 ls", options)).toBe("passes");
    expect(judge("env FOO=1 ls", options)).toBe("outside environment_not_listed");
    expect(judge("env CI=1 ls", { ...options, allowShell: [] })).toBe("outside shell_not_listed");
    expect(judge("env CI=1 PATH=x ls", options)).toBe("forbidden environment_forbidden");
    expect(judge("env", options)).toBe("forbidden command_dangerous");
  });

  it("read what a named shell is told", () => {
    const options: CommandOptions = { allowedCommands: ["bash -lc", "ls"] };
    expect(judge("bash -lc 'ls -l && ls'", options)).toBe("passes");
    expect(judge(["bash", "-lc", "ls | ls"], options)).toBe("passes");
    expect(judge("bash -lc 'ls; id'", options)).toBe("outside command_not_listed");
    expect(judge("bash -lc ls x", options)).toBe("outside argument_not_listed");
    expect(judge("bash -lc 'ls &'", options)).toBe("forbidden command_unreadable");
    expect(judge("bash -lc 'ls `id`'", options)).toBe("forbidden command_unreadable");
    expect(judge("bash -c ls", options)).toBe("outside command_not_listed");
  });
});

describe("denied commands", () => {
  const options: CommandOptions = {
    allowedCommands: ["git", "docker ps", "sudo", "xargs docker"],
    deniedCommands: ["docker", "git push"],
  };

  it.each([
    "docker ps",
    "/usr/bin/docker ps",
    "DOCKER ps",
    "sudo docker ps",
    "sudo -u root docker ps",
    "env X=1 docker ps",
    "nohup nice -n 5 docker ps",
    "timeout 5 docker ps",
    "xargs docker",
    "find . -exec docker ps ;",
    "sh -c 'docker ps'",
    "sh -c 'true; \"dock\"er ps'",
    "bash -lc \"sh -c 'docker ps'\"",
    "sudo sh -c 'docker ps'",
    "git push",
    "git --no-pager push origin main",
    "git -C x push",
    "echo $(docker ps)",
    "true | docker ps",
  ])("%j is forbidden", (line) => {
    expect(judge(line.replace(" ;", " \\;"), options)).toMatch(/^forbidden/);
  });

  it("are those and no others", () => {
    expect(judge("git status", options)).toBe("passes");
    expect(judge("git commit -m docker", options)).toBe("passes");
    expect(judge("git stash push", options)).toBe("passes");
    expect(judge("dockerize x", options)).toBe("outside command_not_listed");
  });
});

describe("a shell's features", () => {
  const allow = (allowShell: CommandOptions["allowShell"]): CommandOptions => ({
    ...BASIC,
    ...(allowShell && { allowShell }),
  });

  it.each([
    ["ls | cat", "pipes"],
    ["ls; cat x", "lists"],
    ["ls\ncat x", "lists"],
    ["ls # x", "comments"],
    ["ls *.ts", "globs"],
    ["CI=1 ls", "environment"],
    ["ls > out.txt", "redirections"],
    ["cat < in.txt", "redirections"],
  ] as const)("%j needs %s", (line, feature) => {
    expect(judge(line, allow([]))).toBe("outside shell_not_listed");
    expect(judge(line, allow([feature]))).toBe("passes");
  });

  it("are pipes, lists, patterns and comments where nothing is stated", () => {
    for (const line of ["ls | cat", "ls; ls", "ls *.ts", "ls # x"]) expect(judge(line, BASIC), line).toBe("passes");
    for (const line of ["ls > x", "CI=1 ls"]) expect(judge(line, BASIC), line).toBe("outside shell_not_listed");
    expect(judge("ls $x", BASIC)).toBe("forbidden shell_not_listed");
  });

  it("let redirections write only below the working folder", () => {
    const options = allow(["redirections"]);
    for (const line of ["ls > a/b.txt", "ls >> x", "ls > x 2>&1", "ls &> x", "ls < /tmp/x"]) {
      expect(judge(line, options), line).toBe("passes");
    }
    for (const line of ["ls > ../x", "ls > /tmp/x", "ls > .x", "ls > ~/x", "ls >& ../x"]) {
      expect(judge(line, options), line).toBe("outside redirection_not_near");
    }
    for (const line of ["ls > /etc/x", "ls > /dev/x", "ls > .bashrc", "ls > .git/x", "ls > /x"]) {
      expect(judge(line, options), line).toBe("forbidden redirection_forbidden");
    }
    expect(judge("ls > $x", options)).toMatch(/^forbidden/);
    expect(judge("ls > *", options)).toMatch(/^forbidden/);
    expect(judge("ls > .env", options)).toBe("forbidden place_protected");
  });

  it("always let errors be joined or dropped", () => {
    for (const line of ["ls 2>&1", "ls >&2", "ls 2>/dev/null", "ls > /dev/null 2>&1", "ls 2>&-"]) {
      expect(judge(line, allow([])), line).toBe("passes");
    }
  });

  it("let variables be set that only change what is shown", () => {
    const options = allow(["environment"]);
    expect(judge("NODE_ENV=test CI=1 ls", options)).toBe("passes");
    expect(judge("FOO=1 ls", options)).toBe("outside environment_not_listed");
    for (const name of [
      "PATH",
      "LD_PRELOAD",
      "GIT_SSH_COMMAND",
      "NODE_OPTIONS",
      "npm_config_x",
      "BASH_ENV",
      "PYTHONPATH",
    ]) {
      expect(judge(`${name}=x ls`, options), name).toBe("forbidden environment_forbidden");
      expect(judge(`${name}=x`, options), name).toBe("forbidden environment_forbidden");
    }
  });

  it("let unknown values stand only where they are text", () => {
    const options = allow(["substitutions"]);
    for (const line of ['echo "a $x"', 'echo "$(ls)"', 'git commit -m "$(cat x)"', 'cat "$HOME/x"']) {
      expect(judge(line, options), line).toBe("passes");
    }
    for (const line of [
      "echo $x",
      "cat $x",
      'cat "$x"',
      'ls "$x"',
      'git commit "$x"',
      "git commit -m $x",
      'cat "~/$x/config"',
    ]) {
      expect(judge(line, options), line).toMatch(/^forbidden/);
    }
    expect(judge('echo "$(id)"', options)).toBe("outside command_not_listed");
    expect(judge('echo "$(cat .env)"', options)).toBe("forbidden place_protected");
    expect(judge('echo "$(echo "$(echo "$(id)")")"', options)).toBe("outside command_not_listed");
  });

  it("keep patterns from becoming options", () => {
    const options: CommandOptions = { allowedCommands: ["ls", "sort", "rm", "uniq", "tar"] };
    expect(judge("ls *.ts", options)).toBe("passes");
    expect(judge("sort *.ts", options)).toBe("outside argument_glob");
    expect(judge("sort ./*.ts", options)).toBe("passes");
    expect(judge("sort -- *.ts", options)).toBe("passes");
    expect(judge("rm *.ts", options)).toBe("outside argument_glob");
    expect(judge("rm src/*.ts", options)).toBe("passes");
    expect(judge("uniq src/*.ts", options)).toBe("outside argument_glob");
    expect(judge("ls -*", options)).toMatch(/^(?:outside|forbidden)/);
  });
});

describe("the working folder", () => {
  const options: CommandOptions = { allowedCommands: ["cd", "cat", "ls", "grep"], cwd: "input.cwd" };

  it("is where relative words are looked for", () => {
    expect(judge("cat environ", options, { cwd: "/proc/1" })).toBe("forbidden place_protected");
    expect(judge("cat ../../../x/y", options, { cwd: "/home/alice/projects" })).toBe("passes");
    expect(judge("cat abcdef0123456789/x", options, { cwd: "/home/alice/.local/state/leashkit" })).toBe(
      "forbidden place_protected",
    );
    expect(judge("grep -r x", options, { cwd: "/home/alice" })).toBe("forbidden place_protected");
    expect(judge("grep -r x", options, { cwd: "/home/alice/projects" })).toBe("passes");
    expect(judge("cat x", options)).toBe("passes");
  });

  it("must be a path and no protected place", () => {
    expect(judge("ls", options, { cwd: "/home/alice/.ssh" })).toBe("forbidden place_protected");
    expect(judge("ls", options, { cwd: "~/.local/state/leashkit/abcdef0123456789" })).toBe("forbidden place_protected");
    for (const cwd of [1, null, "", ["/x"], "/x\u0000", "/x\u200b", "x".repeat(5000)]) {
      expect(judge("ls", options, { cwd }), String(cwd).slice(0, 9)).toBe("forbidden folder_unknown");
    }
  });

  it("is left by no `cd`", () => {
    expect(judge("cd src && ls", options)).toBe("passes");
    for (const line of ["cd ..", "cd /workspace", "cd ~", "cd", "cd -", "cd .git"]) {
      expect(judge(line, options), line).toBe("outside folder_not_near");
    }
    expect(judge("cd /workspace/app && ls", options, { cwd: "/workspace" })).toBe("passes");
    expect(judge("cd /workspaces && ls", options, { cwd: "/workspace" })).toBe("outside folder_not_near");
    expect(judge("cd /workspace/../etc && ls", options, { cwd: "/workspace" })).toBe("outside folder_not_near");
  });
});

describe("input", () => {
  it("must hold a command, as a line or as a list of words", () => {
    for (const command of [undefined, null, 1, true, {}, [], [1], ["ls", null], ["ls", ["x"]]]) {
      const refusal = commandGuard(BASIC).check(command === undefined ? {} : { command }, PROBES);
      expect(refusal?.kind, JSON.stringify(command)).toBe("forbidden");
    }
    for (const input of [null, "ls", ["ls"], 1])
      expect(commandGuard(BASIC).check(input, PROBES)?.kind).toBe("forbidden");
    for (const command of ["", " ", "\n", "# x"])
      expect(judge(command, BASIC), command).toBe("forbidden command_missing");
    expect(judge(["ls", "-l", "a b", "*", "$x", "a;b", "x\ny"], { allowedCommands: ["ls"] })).toBe("passes");
    expect(judge(["ls -l"], BASIC)).toBe("outside command_not_listed");
    expect(judge(["cat", ".env"], BASIC)).toBe("forbidden place_protected");
    expect(judge([""], BASIC)).toBe("forbidden program_unknown");
    expect(
      judge(
        Array.from({ length: 257 }, () => "ls"),
        BASIC,
      ),
    ).toBe("forbidden command_unreadable");
    expect(judge(["ls", "x".repeat(65_536)], BASIC)).toBe("forbidden command_unreadable");
    expect(judge(["ls", "x\u0000"], BASIC)).toBe("forbidden command_unreadable");
  });

  it("may stand elsewhere", () => {
    const guard = commandGuard({ ...BASIC, command: "input.run.line" });
    expect(guard.check({ run: { line: "ls" } }, PROBES)).toBeUndefined();
    expect(guard.check({ command: "ls" }, PROBES)?.code).toBe("command_missing");
    expect(guard.needs({})).toEqual([{ kind: "self", key: "places" }]);
  });

  it("is refused where nobody knows the leash's own places", () => {
    expect(commandGuard(BASIC).check({ command: "ls" }, {})?.code).toBe("places_unknown");
    expect(commandGuard(BASIC).check({ command: "ls" }, { "self:places": null })?.code).toBe("places_unknown");
  });

  it("is refused for what is forbidden before what is only not listed", () => {
    expect(judge("id; cat .env", BASIC)).toBe("forbidden place_protected");
    expect(judge("id; rm -rf /", BASIC)).toBe("forbidden command_destructive");
  });
});

describe("options and keys", () => {
  it("must be readable", () => {
    for (const options of [
      { command: "command" },
      { command: "" },
      { cwd: "cwd" },
      { allowedCommands: ["ls | cat"] },
      { deniedCommands: [""] },
      { allowShell: ["everything"] },
      { allowed: [] },
    ]) {
      expect(() => commandGuard(options as CommandOptions), JSON.stringify(options)).toThrow(
        expect.objectContaining({ code: "LEASH_CONFIG_INVALID" }),
      );
    }
  });

  it("are read from a policy", () => {
    const { issues, guard } = readForm(
      commandForm,
      [
        "command: input.run",
        "cwd: input.folder",
        "allowed_commands: [ls, git status]",
        "denied_commands: [git push]",
        "allow_shell: [pipes]",
      ].join("\n"),
    );
    expect(issues).toEqual([]);
    expect(guard?.name).toBe("commands");
    expect(guard?.check({ run: "ls | ls" }, PROBES)).toBeUndefined();
    expect(guard?.check({ run: "ls; ls" }, PROBES)?.code).toBe("shell_not_listed");
    expect(guard?.check({ run: "git push" }, PROBES)?.code).toBe("command_denied");
    expect(guard?.check({ run: "ls", folder: "~/.ssh" }, PROBES)?.code).toBe("place_protected");
    expect(
      readForm(commandForm, "allowed_commands: [ls]\nallow_shell: []").guard?.check({ command: "ls | ls" }, PROBES)
        ?.code,
    ).toBe("shell_not_listed");
    expect(commandForm.create({}, false)).toBeUndefined();
  });

  it.each([
    ["allowed_commands: ls", ["wrong_type 1"]],
    ["allowed_commands: []", ["bad_value 1"]],
    ["allowed_commands: [ls, ls]", ["duplicate 1"]],
    ["allowed_commands: [1]", ["bad_value 1"]],
    ["allowed_commands: ['ls | id']", ["bad_value 1"]],
    ["denied_commands: ['']", ["bad_value 1"]],
    ["allow_shell: [pipe]", ["bad_value 1"]],
    ["allow_shell: pipes", ["wrong_type 1"]],
    ["command: x", ["bad_path 1"]],
    ["cwd: 1", ["bad_path 1"]],
    ["denied_commands: [git]\nallowed_commands: [git status]", ["dead_rule 2"]],
    ["denied_commands: [git push]\nallowed_commands: [git]", []],
    ["denied_commands: [rm]\nallowed_commands: [/bin/rm x]", ["dead_rule 2"]],
  ])("%j has the issues %j", (yaml, issues) => {
    expect(readForm(commandForm, yaml).issues).toEqual(issues);
  });
});
