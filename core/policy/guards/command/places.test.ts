import { describe, expect, it } from "vitest";
import { literalWord, type Word } from "./line.ts";
import { parseLine } from "./parse.ts";
import { type Machine, machineReader, touchesProtected, type View } from "./places.ts";
import { knownPath, UNKNOWN_FOLDER } from "./steps.ts";

const ANSWER = { home: "/home/alice", folders: ["/home/alice/.local/state/leashkit/abcdef0123456789"], ports: [8787] };

function machine(answer: Record<string, unknown> = ANSWER): Machine {
  const found = machineReader()({ "self:places": answer as typeof ANSWER });
  if (found === undefined) throw new Error("no machine");
  return found;
}

/** The last word of a line, as a shell reads it. */
function wordOf(text: string): Word {
  const line = parseLine(`x ${text}`);
  const word = "problem" in line ? undefined : line.pipelines[0]?.[0]?.words[1];
  return word ?? literalWord(text);
}

function touches(text: string, view: Partial<View> = {}): boolean {
  return touchesProtected(wordOf(text), {
    machine: machine(),
    folders: [UNKNOWN_FOLDER],
    role: "path",
    descends: false,
    ...view,
  });
}

describe("protected places", () => {
  it.each([
    "~/.ssh",
    "~/.ssh/config",
    "a/.ssh/x",
    ".aws",
    ".env",
    ".env.local",
    ".ENV",
    ".env~",
    "x=.env",
    "--file=.env",
    "-f.env",
    "-xf.env",
    "-fid_rsa",
    "-xfid_rsa",
    "HEAD:.env",
    "@.env",
    "a,.env,b",
    "open('.env')",
    "a.pem",
    "a.KEY",
    "x/id_rsa",
    "/etc/shadow",
    "/etc/shadow-",
    "etc/shadow",
    "/proc/1/environ",
    "/proc/self",
    "/proc/self/status",
    "/dev/sda1",
    "/dev/tcp/a/1",
    "~/.docker/config.json",
    "~/.config//gcloud/x",
    "~/.config/x/../gcloud",
    "~/.ss*/x",
    "~/.s[a-z]h/x",
    "~/*/../.ssh",
    ".en?",
    ".*",
    "*.pem",
    "*.p?m",
    "id_*",
    "*",
    "src/*",
    "/etc/*",
    "/*/shadow",
    "/p*/self/environ",
    "%2essh/x",
    "file:///home/alice/%2Essh/x",
    "\uff0essh/x",
    "~/.local/state/leashkit/abcdef0123456789",
    "~/.local/state/leashkit/abcdef0123456789/x",
    "~/.local/*/leashkit/a*/x",
    "leashkit/abcdef0123456789/x",
    "abcdef0123456789/x",
    "../abcdef0123456789/x",
    "/other/leashkit/abcdef0123456789",
  ])("%j is one", (text) => {
    expect(touches(text)).toBe(true);
  });

  it.each([
    "~",
    "~/projects",
    "src/index.ts",
    ".env.example",
    ".env.sample",
    ".env.template",
    "process.env",
    "environment",
    "id_rsa.pub",
    "key.ts",
    "pem",
    ".gitignore",
    ".config",
    "/etc/hosts",
    "/proc/cpuinfo",
    "/dev/null",
    "/dev/stdin",
    "~/.local/state",
    "~/.local/state/leashkit",
    "*.ts",
    "src/**/*.ts",
    "src/*/index.ts",
    "[id]/page.tsx",
    "**/test.ts",
    "?.md",
    "HEAD~1",
    "a:b",
    "-la",
    "",
  ])("%j is none", (text) => {
    expect(touches(text)).toBe(false);
  });

  it("are looked for in every folder where a command may run", () => {
    const folders = [UNKNOWN_FOLDER, knownPath("/proc/1"), knownPath("/etc")];
    expect(touches("environ", { folders })).toBe(true);
    expect(touches("shadow", { folders })).toBe(true);
    expect(touches("hosts", { folders })).toBe(false);
    const state = [knownPath("/home/alice/.local/state/leashkit")];
    expect(touches("abcdef0123456789", { folders: state })).toBe(true);
    expect(touches("./abcdef0123456789/x", { folders: state })).toBe(true);
    expect(touches("../../../.ssh", { folders: state })).toBe(true);
    expect(touches("other", { folders: state })).toBe(false);
  });

  it("lie within folders that a program walks through", () => {
    const wide = ["/", "//", "~", "/HOME", "/home/bob", "/etc", "/home/alice/.local", "..", "../.."];
    for (const text of wide) {
      expect(touches(text), text).toBe(false);
      expect(touches(text, { descends: true }), text).toBe(true);
    }
    for (const text of ["src", ".", "~/projects", "/workspace", "../x"]) {
      expect(touches(text, { descends: true }), text).toBe(false);
    }
  });

  it("are named by their exact names in texts that are no files", () => {
    const view: Partial<View> = { role: "text" };
    for (const text of ["options.key", "'*'", "a.*b", "x.pem"]) expect(touches(text, view), text).toBe(false);
    for (const text of [".env", "~/.ssh/x", "id_rsa", "/etc/shadow"]) expect(touches(text, view), text).toBe(true);
  });
});

describe("machineReader", () => {
  it.each([
    [undefined],
    [null],
    [[]],
    ["x"],
    [{}],
    [{ ...ANSWER, home: "ada" }],
    [{ ...ANSWER, home: undefined }],
    [{ ...ANSWER, folders: "x" }],
    [{ ...ANSWER, folders: ["x"] }],
    [{ ...ANSWER, folders: [1] }],
    [{ ...ANSWER, ports: ["8787"] }],
    [{ ...ANSWER, ports: undefined }],
  ])("takes %j for no answer", (answer) => {
    expect(machineReader()({ "self:places": answer as unknown as typeof ANSWER })).toBeUndefined();
  });

  it("notices what an answer says anew, also where its owner changed it in place", () => {
    const read = machineReader();
    const answer = { folders: ["/a/b"], ports: [1], home: "/home/alice" };
    const first = read({ "self:places": answer });
    expect(first?.folders[0]?.names).toEqual(["a", "b"]);
    expect(read({ "self:places": structuredClone(answer) })).toBe(first);
    answer.folders.push("/c");
    expect(read({ "self:places": answer })?.folders).toHaveLength(2);
    answer.ports[0] = 2;
    expect(read({ "self:places": answer })?.ports).toEqual([2]);
    answer.home = "/home/bob";
    expect(read({ "self:places": answer })?.home.steps).toEqual(["home", "bob"]);
    expect(read({})).toBeUndefined();
    expect(first?.ports).toEqual([1]);
  });
});
