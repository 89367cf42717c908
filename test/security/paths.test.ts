import { link, mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openGuarded } from "../../core/facts/open-guarded.ts";
import { probeRealpath } from "../../core/facts/realpath.ts";
import type { Guard, Probes, Refusal } from "../../core/policy/guards/guard.ts";
import { pathGuard, type PathOptions } from "../../core/policy/guards/paths.ts";
import { ORDINARY, TRAVERSALS } from "./paths.table.ts";

const PLACES = { folders: ["/home/agent/.local/state/leashkit"], ports: [4711], home: "/home/agent" };

/** The one policy of this file, for a folder. */
function policyFor(folder: string): PathOptions {
  return {
    allowedPaths: [`${folder}/**`],
    deniedPaths: ["/**/.ssh/**", "/**/id_*", "/**/authorized_keys", "/**/.npmrc", "/**/.netrc", "/**/.git/hooks/**"],
    denyExtensions: [".env", ".pem", ".key"],
  };
}

/** A file system without links, where every path is a file. */
function withoutLinks(path: string): Probes {
  return {
    "self:places": PLACES,
    [`realpath:${path}`]: { path: posix.normalize(path).replace(/(?<=.)\/$/, ""), kind: "file", links: 1 },
  };
}

/** A file system that a thief might wish for: whatever the path, it is an honest file inside. */
function alwaysInside(path: string): Probes {
  return { "self:places": PLACES, [`realpath:${path}`]: { path: "/workspace/a.txt", kind: "file", links: 1 } };
}

describe("path traversal", () => {
  const guard = pathGuard(policyFor("/workspace"));

  it("A-A17: none of 2,500 attempts passes, wherever the file system says they lead", () => {
    expect(TRAVERSALS.length).toBeGreaterThanOrEqual(2500);
    const passed = TRAVERSALS.filter(
      (path) =>
        guard.check({ path }, alwaysInside(path)) === undefined ||
        guard.check({ path }, withoutLinks(path)) === undefined,
    );
    expect(passed).toEqual([]);
  });

  it("A-A17: an attempt is outside, and so for a person to judge, only where its text has one plain meaning", () => {
    const outside = TRAVERSALS.filter((path) => guard.check({ path }, withoutLinks(path))?.kind === "outside");
    for (const path of outside) expect(path).toMatch(/^\/[\w./]*$/);
    expect(outside).toContain("//etc/passwd");
    expect(outside.length).toBeLessThan(40);
  });

  it("A-A17: the same attempts in a list, or relative to the folder, pass no better", () => {
    const relative = pathGuard({ ...policyFor("/workspace"), relativeTo: "/workspace" });
    for (const path of TRAVERSALS) {
      const list = ["/workspace/a.txt", path];
      const probes = { ...alwaysInside(path), ...alwaysInside("/workspace/a.txt") };
      expect(guard.check({ path: list }, probes), path).toBeDefined();
      const below = path.replace(/^\/workspace\//, "");
      if (below === path || below.startsWith("/")) continue;
      expect(relative.check({ path: below }, alwaysInside(`/workspace/${below}`)), below).toBeDefined();
    }
  });

  it.each(ORDINARY)("an ordinary path passes under the same policy: %s", (path) => {
    expect(guard.check({ path }, withoutLinks(path))).toBeUndefined();
  });

  it("there are many ordinary paths", () => {
    expect(ORDINARY.length).toBeGreaterThanOrEqual(40);
  });
});

describe("files.write", () => {
  const guard = pathGuard(policyFor("/workspace"));

  it.each([
    ".env",
    ".env.local",
    ".ENV",
    ".Env.Production",
    "config/.env",
    "prod.env",
    "a.PEM",
    "a.pem",
    "server.key",
    "id_rsa",
    "id_ed25519.pub",
    ".ssh/id_rsa",
    ".ssh/config",
    "authorized_keys",
    "AUTHORIZED_KEYS",
    ".npmrc",
    ".netrc",
    ".git/hooks/pre-commit",
    ".GIT/hooks/pre-commit",
    "..",
    "../.bashrc",
    "a/../../b",
  ])("C: /workspace/%s is refused", (name) => {
    const path = `/workspace/${name}`;
    expect(guard.check({ path }, withoutLinks(path))).toBeDefined();
    expect(guard.check({ path }, alwaysInside(path))).toBeDefined();
  });

  it.each([
    "/proc/self/environ",
    "/proc/1/environ",
    "/home/agent/.ssh/id_rsa",
    "/home/agent/.npmrc",
    "/home/agent/.aws/credentials",
    "/home/agent/.config/gcloud/access_tokens.db",
    "/home/agent/.kube/config",
    "/home/agent/.docker/config.json",
    "/home/agent/.gnupg/secring.gpg",
    "/home/agent/.mozilla/firefox/x/logins.json",
    "/home/agent/.local/state/leashkit/keys/desk.json",
    "//etc/passwd",
    ".npmrc",
    ".env",
  ])("C: %s is refused", (path) => {
    expect(guard.check({ path }, withoutLinks(path))).toBeDefined();
    expect(guard.check({ path: `/workspace/link` }, { ...alwaysInside(path), ...leadsTo(path) })).toBeDefined();
  });

  function leadsTo(path: string): Probes {
    return { "realpath:/workspace/link": { path: path.replace("//", "/"), kind: "file", links: 1 } };
  }
});

describe("real files", () => {
  let root = "";
  let workspace = "";
  let guard: Guard;

  beforeEach(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), "leashkit-paths-")));
    workspace = join(root, "workspace");
    await mkdir(join(workspace, "src"), { recursive: true });
    await mkdir(join(root, "outside"));
    await writeFile(join(workspace, "src/a.txt"), "inside");
    await writeFile(join(root, "outside/secret.txt"), "secret");
    guard = pathGuard(policyFor(workspace));
  });

  afterEach(() => rm(root, { recursive: true, force: true }));

  /** What the guard says with probes taken right now. */
  async function judge(path: string): Promise<Refusal | undefined> {
    const answers = await Promise.all(
      guard
        .needs({ path })
        .map(async ({ kind, key }) => [`${kind}:${key}`, kind === "self" ? PLACES : await probeRealpath(key)] as const),
    );
    return guard.check({ path }, Object.fromEntries(answers));
  }

  it("pass where they are inside: existing ones, new ones, and those in new folders", async () => {
    await symlink("src/a.txt", join(workspace, "shortcut"));
    await symlink("src", join(workspace, "source"));
    for (const path of [
      "src/a.txt",
      "src/new.txt",
      "new/deep/b.txt",
      "src",
      "",
      "shortcut",
      "source/a.txt",
      "src/../src/a.txt",
    ]) {
      expect(await judge(`${workspace}/${path}`), path).toBeUndefined();
    }
  });

  it("A-A17, C: links to outside are refused: to a file, to a folder, to nothing yet, through others, and back again", async () => {
    await symlink(join(root, "outside/secret.txt"), join(workspace, "file"));
    await symlink("../outside", join(workspace, "folder"));
    await symlink("../outside/new.txt", join(workspace, "dangling"));
    await symlink("dangling", join(workspace, "second"));
    await symlink("/", join(workspace, "top"));
    await symlink("/proc/self", join(workspace, "process"));
    await symlink("..", join(workspace, "up"));
    await symlink("loop", join(workspace, "loop"));
    await symlink("../outside/.env", join(workspace, "settings"));
    for (const path of [
      "file",
      "folder",
      "folder/secret.txt",
      "folder/new/deep.txt",
      "dangling",
      "second",
      "top/etc/passwd",
      "top",
      "process/environ",
      "process/cwd",
      "up/outside/secret.txt",
      "folder/../outside/secret.txt",
      "folder/../workspace/../outside/secret.txt",
      "loop",
      "settings",
    ]) {
      expect(await judge(join(workspace, "/") + path), path).toBeDefined();
    }
  });

  it("A-A17: a path that leads inside by way of outside is refused as it is written", async () => {
    await symlink("../workspace", join(root, "outside/back"));
    expect(await judge(`${root}/outside/back/src/a.txt`)).toMatchObject({ code: "path_not_listed" });
  });

  it("C: a hard link to outside is refused", async () => {
    await link(join(root, "outside/secret.txt"), join(workspace, "hard"));
    expect(await judge(join(workspace, "hard"))).toMatchObject({ kind: "forbidden", code: "path_hard_link" });
  });

  it("C: an innocent name that leads to a denied one is refused", async () => {
    await writeFile(join(workspace, ".env"), "SECRET=1");
    await symlink(".env", join(workspace, "notes.txt"));
    expect(await judge(join(workspace, "notes.txt"))).toMatchObject({ code: "extension_denied" });
  });

  it("A-A17: a file, and a folder, that become links after the check are refused at the next one, and at use", async () => {
    for (const swapped of ["src/a.txt", "src"]) {
      const path = join(workspace, "src/a.txt");
      expect(await judge(path)).toBeUndefined();
      await rename(join(workspace, swapped), join(root, "kept"));
      await symlink(join(root, swapped === "src" ? "outside" : "outside/secret.txt"), join(workspace, swapped));
      expect(await judge(path)).toMatchObject({ code: "path_not_listed" });
      if (process.platform === "linux") {
        await expect(openGuarded(path, { rules: policyFor(workspace), places: PLACES })).rejects.toThrow(
          "path_not_listed",
        );
      }
      await rm(join(workspace, swapped));
      await rename(join(root, "kept"), join(workspace, swapped));
    }
  });
});
