import { execFileSync } from "node:child_process";
import { link, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { probeRealpath } from "./realpath.ts";

let root = "";

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "leashkit-realpath-")));
  await mkdir(join(root, "inside/deep"), { recursive: true });
  await mkdir(join(root, "outside"));
  await writeFile(join(root, "inside/a.txt"), "a");
  await writeFile(join(root, "outside/secret"), "s");
  await link(join(root, "outside/secret"), join(root, "inside/hard"));
  await symlink("../outside/secret", join(root, "inside/to-file"));
  await symlink(join(root, "outside"), join(root, "inside/to-folder"));
  await symlink("../outside/new", join(root, "inside/dangling"));
  await symlink("dangling", join(root, "inside/to-dangling"));
  await symlink("../nowhere/x", join(root, "inside/to-nowhere"));
  await symlink("loop-b", join(root, "inside/loop-a"));
  await symlink("loop-a", join(root, "inside/loop-b"));
  await symlink("self/x", join(root, "inside/self"));
  execFileSync("mkfifo", [join(root, "inside/pipe")]);
});

afterAll(() => rm(root, { recursive: true, force: true }));

describe("probeRealpath", () => {
  it.each([
    ["inside/a.txt", "inside/a.txt", "file", 1],
    ["inside", "inside", "folder", undefined],
    ["inside/", "inside", "folder", undefined],
    ["inside/./deep/..//a.txt", "inside/a.txt", "file", 1],
    ["inside/to-file", "outside/secret", "file", 2],
    ["inside/hard", "inside/hard", "file", 2],
    ["inside/to-folder", "outside", "folder", undefined],
    ["inside/to-folder/secret", "outside/secret", "file", 2],
    ["inside/to-folder/new/x", "outside/new/x", "missing", 0],
    ["inside/to-folder/../inside/a.txt", "inside/a.txt", "file", 1],
    ["inside/deep/to/../../a.txt".replace("to/../", ""), "inside/a.txt", "file", 1],
    ["inside/new", "inside/new", "missing", 0],
    ["inside/new/./x//y/", "inside/new/x/y", "missing", 0],
    ["inside/dangling", "outside/new", "missing", 0],
    ["inside/dangling/", "outside/new", "missing", 0],
    ["inside/dangling/x", "outside/new/x", "missing", 0],
    ["inside/to-dangling", "outside/new", "missing", 0],
    ["inside/to-nowhere", "nowhere/x", "missing", 0],
    ["inside/pipe", "inside/pipe", "other", 1],
  ])("A-A17: %s leads to %s, which is %s", async (path, real, kind, links) => {
    const answer = await probeRealpath(`${root}/${path}`);
    expect(answer).toEqual({ path: join(root, real), kind, links: links ?? (expect.any(Number) as number) });
  });

  it.each([
    ["a loop", "inside/loop-a"],
    ["a loop further down", "inside/loop-a/x"],
    ["a link that grows", "inside/self"],
    ["a file used as a folder", "inside/a.txt/x"],
    ["a file used as a folder, up again", "inside/a.txt/../a.txt"],
    ["up again from what is missing", "inside/new/../a.txt"],
    ["up again from what a link misses", "inside/dangling/../secret"],
    ["too many missing folders", `inside${"/x".repeat(100)}`],
    ["a name that is too long", `inside/${"x".repeat(300)}`],
    ["NUL", "inside/a\u0000.txt"],
  ])("gives null for %s", async (_, path) => {
    expect(await probeRealpath(`${root}/${path}`)).toBeNull();
  });

  it("gives null for nothing", async () => {
    expect(await probeRealpath("", { cwd: root })).toBeNull();
  });

  it("takes relative paths from the folder it is told, and a tilde as a name", async () => {
    expect(await probeRealpath("inside/a.txt", { cwd: root })).toMatchObject({ path: join(root, "inside/a.txt") });
    expect(await probeRealpath("../outside/secret", { cwd: join(root, "inside") })).toMatchObject({
      path: join(root, "outside/secret"),
    });
    expect(await probeRealpath("~/x", { cwd: root })).toEqual({ path: join(root, "~/x"), kind: "missing", links: 0 });
    expect(await probeRealpath("core")).toMatchObject({ path: join(await realpath(process.cwd()), "core") });
  });

  it("gives null where the file system does not answer in time", async () => {
    const start = performance.now();
    expect(await probeRealpath(`${root}/inside${"/x".repeat(60)}`, { timeoutMs: 0 })).toBeNull();
    expect(performance.now() - start).toBeLessThan(500);
  });
});
