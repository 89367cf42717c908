import { execFileSync } from "node:child_process";
import { link, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NoEffect } from "../errors.ts";
import type { Json } from "../model/json.ts";
import { openGuarded, type OpenGuardedOptions } from "./open-guarded.ts";

/** What happens between the check of a path and its opening, and between the opening of its folder and its own. */
const meanwhile: { afterCheck?: () => Promise<void>; afterFolder?: () => Promise<void> } = {};

vi.mock("./realpath.ts", async (load) => {
  const original = await load<{ readonly probeRealpath: (path: string) => Promise<Json> }>();
  return {
    probeRealpath: async (path: string) => {
      const answer = await original.probeRealpath(path);
      await meanwhile.afterCheck?.();
      return answer;
    },
  };
});

vi.mock("node:fs/promises", async (load) => {
  const original = await load<{ readonly readlink: (path: string) => Promise<string> }>();
  return {
    ...original,
    readlink: async (path: string) => {
      const target = await original.readlink(path);
      if (path.startsWith("/proc/self/fd/")) await meanwhile.afterFolder?.();
      return target;
    },
  };
});

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

afterEach(() => {
  delete meanwhile.afterCheck;
  delete meanwhile.afterFolder;
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

  it.each<[string, RegExp, (outside: string) => Promise<void>]>([
    [
      "a folder further up becomes a link",
      /^path_changed$/,
      async (outside) => {
        await rename(at("workspace/src"), at("kept"));
        await symlink(join(outside, ".."), at("workspace/src"));
      },
    ],
    [
      "its folder becomes a link",
      /^path_changed$/,
      async (outside) => {
        await rename(at("workspace/src/deep"), at("kept"));
        await symlink(outside, at("workspace/src/deep"));
      },
    ],
    [
      "it becomes a link",
      /ELOOP/,
      async (outside) => {
        await rm(at("workspace/src/deep/a.txt"));
        await symlink(join(outside, "a.txt"), at("workspace/src/deep/a.txt"));
      },
    ],
    [
      "it becomes a second name of a file outside",
      /^path_hard_link$/,
      async (outside) => {
        await rm(at("workspace/src/deep/a.txt"));
        await link(join(outside, "a.txt"), at("workspace/src/deep/a.txt"));
      },
    ],
    [
      "it becomes a pipe",
      /^path_special$|ENXIO/,
      async () => {
        await rm(at("workspace/src/deep/a.txt"));
        execFileSync("mkfifo", [at("workspace/src/deep/a.txt")]);
      },
    ],
  ])("A-A17: opens nothing where %s after it was checked", async (_, code, change) => {
    for (const access of ["read", "write", "append"] as const) {
      const outside = at(`${access}/deep`);
      await rm(at("workspace"), { recursive: true });
      await rm(at("kept"), { recursive: true, force: true });
      await mkdir(at("workspace/src/deep"), { recursive: true });
      await mkdir(outside, { recursive: true });
      await writeFile(at("workspace/src/deep/a.txt"), "inside");
      await writeFile(join(outside, "a.txt"), "secret");
      meanwhile.afterCheck = () => change(outside);
      expect(await codeOf(openGuarded(at("workspace/src/deep/a.txt"), options(access)))).toMatch(code);
      expect(await readFile(join(outside, "a.txt"), "utf8")).toBe("secret");
    }
  });

  it("A-A17: creates nothing outside where a folder further up becomes a link after it was checked", async () => {
    await mkdir(at("outside/src"));
    meanwhile.afterCheck = async () => {
      await rename(at("workspace"), at("kept"));
      await symlink(at("outside"), at("workspace"));
    };
    expect(await codeOf(openGuarded(at("workspace/src/new.txt"), options("write")))).toBe("path_changed");
    expect(await readdir(at("outside/src"))).toEqual([]);
  });

  it("A-A17: opens what was checked where a folder further up becomes a link after its own was opened", async () => {
    await mkdir(at("outside/src"));
    await writeFile(at("outside/src/a.txt"), "secret");
    meanwhile.afterFolder = async () => {
      delete meanwhile.afterFolder;
      await rename(at("workspace"), at("kept"));
      await symlink(at("outside"), at("workspace"));
    };
    const file = await openGuarded(at("workspace/src/a.txt"), options());
    expect(await file.readFile("utf8")).toBe("inside");
    await file.close();
  });

  it("A-A17: never opens, creates or empties a file outside, however a folder further up is swapped meanwhile", async () => {
    await mkdir(at("workspace/src/deep"));
    await mkdir(at("outside/deep"));
    await writeFile(at("workspace/src/deep/a.txt"), "inside");
    await writeFile(at("outside/deep/a.txt"), "secret");
    await symlink(at("outside"), at("decoy"));
    const storm = { over: false };
    const swap = (async () => {
      for (let turn = 0; !storm.over; turn += 1) {
        await rename(at("workspace/src"), at("kept"));
        await rename(at("decoy"), at("workspace/src"));
        await rename(at("workspace/src"), at("decoy"));
        await rename(at("kept"), at("workspace/src"));
        await setTimeout(turn % 3);
      }
    })();
    const outcomes = new Set<string>();
    for (let round = 0; round < 600; round += 1) {
      const access = (["read", "write", "append"] as const)[round % 3] ?? "read";
      const name = round % 2 === 0 ? "a.txt" : `created-${round}.txt`;
      try {
        const file = await openGuarded(at(`workspace/src/deep/${name}`), options(access));
        if (access === "read") expect(await file.readFile("utf8")).not.toBe("secret");
        else await file.writeFile("changed");
        await file.close();
        outcomes.add("opened");
      } catch (error) {
        outcomes.add(error instanceof NoEffect ? "refused" : "failed");
      }
    }
    storm.over = true;
    await swap;
    expect(outcomes).toContain("opened");
    expect(outcomes).toContain("refused");
    expect(await readFile(at("outside/deep/a.txt"), "utf8")).toBe("secret");
    expect(await readdir(at("outside/deep"))).toEqual(["a.txt"]);
  });
});
