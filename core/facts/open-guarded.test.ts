import { execFileSync } from "node:child_process";
import { link, mkdir, mkdtemp, readFile, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NoEffect } from "../errors.ts";
import { openGuarded, type OpenGuardedOptions } from "./open-guarded.ts";

let root = "";
const codeOf = async (opening: Promise<unknown>): Promise<string> =>
  opening.then(
    () => "opened",
    (error: unknown) => (error instanceof NoEffect ? (/: (\w+)\.$/.exec(error.message)?.[1] ?? "") : String(error)),
  );

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "leashkit-open-")));
  await mkdir(join(root, "workspace/src"), { recursive: true });
  await mkdir(join(root, "outside"));
  await writeFile(join(root, "workspace/src/a.txt"), "inside");
  await writeFile(join(root, "outside/a.txt"), "secret");
});

afterEach(() => rm(root, { recursive: true, force: true }));

function options(access: "read" | "write" | "append" = "read"): OpenGuardedOptions {
  const rules = { allowedPaths: [`${root}/workspace/**`], denyExtensions: [".env"] };
  return { rules, places: { folders: [], ports: [], home: "/home/agent" }, access };
}

if (process.platform !== "linux") console.log("openGuarded is for Linux: its tests of files are left out");

describe.runIf(process.platform === "linux")("openGuarded", () => {
  const at = (path: string): string => join(root, path);

  it("reads, writes anew, creates and appends", async () => {
    for (const [access, path, text, expected] of [
      ["write", "workspace/src/a.txt", "x", "x"],
      ["write", "workspace/src/new.txt", "y", "y"],
      ["append", "workspace/src/new.txt", "z", "yz"],
    ] as const) {
      const file = await openGuarded(at(path), options(access));
      await file.writeFile(text);
      await file.close();
      expect(await readFile(at(path), "utf8")).toBe(expected);
    }
    const file = await openGuarded(at("workspace/src/../src/a.txt"), options());
    expect(await file.readFile("utf8")).toBe("x");
    await file.close();
  });

  it("A-A17: refuses what the guard refuses, and what it cannot know", async () => {
    await symlink("../../outside/a.txt", at("workspace/src/link"));
    await symlink("../outside", at("workspace/folder"));
    await symlink("../../outside/new", at("workspace/src/dangling"));
    await writeFile(at("outside/b.txt"), "secret, too");
    await link(at("outside/b.txt"), at("workspace/src/hard"));
    execFileSync("mkfifo", [at("workspace/src/pipe")]);
    for (const [path, code] of [
      ["outside/a.txt", "path_not_listed"],
      ["workspace/../outside/a.txt", "path_not_listed"],
      ["workspace/src/link", "path_not_listed"],
      ["workspace/folder/a.txt", "path_not_listed"],
      ["workspace/src/dangling", "path_not_listed"],
      ["workspace/src/hard", "path_hard_link"],
      ["workspace/src/pipe", "path_special"],
      ["workspace/src/.env", "extension_denied"],
      ["workspace/src/a.txt/x", "realpath_unknown"],
      ["workspace/src/a\u0000.txt", "path_characters"],
    ] as const) {
      for (const access of ["read", "write", "append"] as const) {
        expect(await codeOf(openGuarded(`${root}/${path}`, options(access))), `${access} ${path}`).toBe(code);
      }
    }
    expect(await codeOf(openGuarded("a.txt", options()))).toBe("path_relative");
    expect(await codeOf(openGuarded(at("workspace/src"), options()))).toBe("path_special");
    expect(await readFile(at("outside/a.txt"), "utf8")).toBe("secret");
    await expect(readFile(at("outside/new"))).rejects.toThrow("ENOENT");
  });

  it("A-A17: never opens, creates or empties a file outside, however folders and links are swapped meanwhile", async () => {
    await symlink(at("outside"), at("decoy"));
    let swapping = true;
    let turn = 0;
    const swap = (async () => {
      while (swapping) {
        await rename(at("workspace/src"), at("kept"));
        await rename(at("decoy"), at("workspace/src"));
        await rename(at("workspace/src"), at("decoy"));
        await rename(at("kept"), at("workspace/src"));
        await setTimeout(turn++ % 4);
      }
    })();
    const outcomes = new Set<string>();
    for (let round = 0; round < 300; round += 1) {
      const access = (["read", "write", "append"] as const)[round % 3] ?? "read";
      const name = round % 2 === 0 ? "a.txt" : `created-${round}.txt`;
      try {
        const file = await openGuarded(at(`workspace/src/${name}`), options(access));
        if (access === "read") expect(await file.readFile("utf8")).not.toBe("secret");
        else await file.writeFile("changed");
        await file.close();
        outcomes.add("opened");
      } catch (error) {
        outcomes.add(error instanceof NoEffect ? "refused" : "failed");
      }
    }
    swapping = false;
    await swap;
    expect(outcomes).toContain("opened");
    expect(outcomes).toContain("refused");
    expect(await readFile(at("outside/a.txt"), "utf8")).toBe("secret");
    expect(execFileSync("ls", [at("outside")], { encoding: "utf8" }).trim()).toBe("a.txt");
  });
});
