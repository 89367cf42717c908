import { describe, expect, it } from "vitest";
import { isDenied, parseEntry } from "./entries.ts";
import { literalWord } from "./line.ts";

function denies(text: string, command: string): boolean {
  const entry = parseEntry(text);
  if (entry === undefined) throw new Error(`no entry: ${text}`);
  return isDenied(entry, command.split(" ").map(literalWord));
}

describe("parseEntry", () => {
  it("reads a program, and the words that must come first", () => {
    expect(parseEntry("ls")).toEqual({ program: "ls", words: [] });
    expect(parseEntry("git status")).toEqual({ program: "git", words: ["status"] });
    expect(parseEntry("./gradlew test")).toEqual({ program: "./gradlew", words: ["test"] });
    expect(parseEntry("bash -lc")).toEqual({ program: "bash", words: ["-lc"] });
  });

  it.each([
    "",
    " ",
    " ls",
    "ls ",
    "ls  -l",
    "-l",
    "/bin/",
    "ls *",
    "ls|id",
    "ls;id",
    "ls 'a b'",
    "ls $x",
    "l\u00e9",
    "a\nb",
  ])("refuses %j", (text) => {
    expect(parseEntry(text)).toBeUndefined();
  });

  it("refuses what is too long", () => {
    expect(parseEntry("a".repeat(256))).toBeDefined();
    expect(parseEntry("a".repeat(257))).toBeUndefined();
  });
});

describe("isDenied", () => {
  it.each([
    ["rm", "rm x"],
    ["rm", "/bin/rm x"],
    ["rm", "../../bin/RM x"],
    ["rm", "rm.exe x"],
    ["/usr/bin/rm", "rm x"],
    ["git push", "git push"],
    ["git push", "git push origin main"],
    ["git push", "git -C x push"],
    ["git push", "git --no-pager push"],
    ["git push", "git --git-dir=x push"],
    ["git push", "git -c a=b -c c=d push"],
    ["git push", "git PUSH"],
    ["git stash drop", "git stash -q drop"],
    ["kubectl get secret", "kubectl -n x get -o yaml secret y"],
    ["sops -d", "sops x -d"],
    ["sops -d", "sops -vd x"],
    ["gpg --export", "gpg --batch --export=x"],
  ])("%j denies %j", (entry, command) => {
    expect(denies(entry, command)).toBe(true);
  });

  it.each([
    ["rm", "rmdir x"],
    ["rm", "echo rm"],
    ["git push", "git"],
    ["git push", "git status"],
    ["git push", "git stash push"],
    ["git push", "git commit -m push"],
    ["git push", "git log --grep=push"],
    ["git stash drop", "git drop stash"],
    ["sops -d", "sops -e x"],
  ])("%j does not deny %j", (entry, command) => {
    expect(denies(entry, command)).toBe(false);
  });
});
