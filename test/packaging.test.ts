import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { readManifest, readManifests, ROOT } from "./house/workspace.ts";
import { compile, createConsumer, install, openDoors, type Consumer, type Exported } from "./packaging/consumer.ts";
import { checkContents, codeDoors, pack, unreachable, type Tarball } from "./packaging/tarballs.ts";
import { runProcess, type Ended } from "./process.ts";
import { copyWorkspace, type Worktree } from "./worktree.ts";

/** The members of package.json files that only packaging looks at. */
interface PackagingMembers {
  readonly bin?: Readonly<Record<string, string>>;
  readonly overrides?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

const readMembers = (folder: string): PackagingMembers =>
  JSON.parse(readFileSync(join(ROOT, folder, "package.json"), "utf8")) as PackagingMembers;

const manifests = readManifests();
const doors = manifests.flatMap(({ name, exports }) => codeDoors(name, exports)).map(({ specifier }) => specifier);

let worktree: Worktree;
let scratch = "";
let built: Ended;
const tarballs: Tarball[] = [];
let consumer: Consumer;
let installed: Ended | undefined;
let exported: Exported = {};

/** Builds and packs a copy, so that neither an old `dist` nor a build of somebody else's gets into the tarballs. */
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "leashkit-packaging-"));
  worktree = await copyWorkspace(ROOT);
  built = await runProcess("npm", ["run", "build"], { cwd: worktree.folder, timeoutMs: 120_000 });
  if (built.code !== 0) return;
  await mkdir(join(scratch, "tarballs"));
  const packing = manifests.map(({ folder }) => pack(worktree.folder, folder, join(scratch, "tarballs")));
  tarballs.push(...(await Promise.all(packing)));

  const { devDependencies } = readManifest(ROOT, "");
  const peers = new Set(manifests.flatMap(({ peerDependencies }) => Object.keys(peerDependencies)));
  consumer = await createConsumer(join(scratch, "consumer"), tarballs, {
    peers: Object.fromEntries(Object.entries(devDependencies).filter(([name]) => peers.has(name))),
    overrides: readMembers("").overrides ?? {},
  });
  installed = await install(consumer);
}, 480_000);

afterAll(async () => {
  await worktree?.remove();
  await rm(scratch, { recursive: true, force: true });
});

/** Skips, and says why, where the registry is out of reach; any other failure to install is a failure. */
function requireInstallation(context: TestContext): void {
  if (installed === undefined) expect.fail("Nothing was packed, so nothing was installed.");
  const reason = unreachable(installed);
  if (reason === undefined) {
    expect(installed, installed.stderr).toMatchObject({ code: 0, timedOut: false });
    return;
  }
  console.warn(`packaging: not installed, because ${reason}`);
  context.skip(reason);
}

describe("packaging", () => {
  it("builds from a clean copy of the sources", () => {
    expect(built.code, built.stdout + built.stderr).toBe(0);
    expect(tarballs.map(({ folder }) => folder)).toEqual(manifests.map(({ folder }) => folder));
  });

  it.each(manifests)(
    "$folder packs its licence, its README and all its doors, and neither tests nor sources",
    ({ folder, exports }) => {
      const tarball = tarballs.find((packed) => packed.folder === folder);
      const { bin } = readMembers(folder);
      expect(tarball && checkContents(tarball, { exports, ...(bin && { bin }) })).toEqual([]);
    },
  );

  it("opens every door by import, in a folder that has only the tarballs", async (context) => {
    requireInstallation(context);
    exported = await openDoors(consumer, "import", doors);
    for (const door of doors) expect(exported[door], door).not.toEqual([]);
  });

  it("opens every door by require to the same names, where Node can", async (context) => {
    requireInstallation(context);
    const able = (process.features as { readonly require_module?: unknown }).require_module === true;
    if (!able) context.skip(`Node ${process.version} cannot require an ES module`);
    expect(await openDoors(consumer, "require", doors)).toEqual(exported);
  });

  it("opens every door without the optional peers", async (context) => {
    requireInstallation(context);
    const optional = manifests.flatMap(({ folder }) => Object.keys(readMembers(folder).peerDependenciesMeta ?? {}));
    const moves = optional.map((name, index) => ({
      place: join(consumer.folder, "node_modules", name),
      away: join(scratch, `away-${index}`),
    }));
    // One of our own packages may be such a peer of another: its own doors are gone with it.
    const left = doors.filter((door) => !optional.some((name) => door === name || door.startsWith(`${name}/`)));
    expect(left.length).toBeGreaterThan(5);
    for (const { place, away } of moves) await rename(place, away);
    try {
      const expected = Object.fromEntries(left.map((door) => [door, exported[door]]));
      expect(await openDoors(consumer, "import", left)).toEqual(expected);
    } finally {
      for (const { place, away } of moves) await rename(away, place);
    }
  });

  it("declares a type for every export of every door", async (context) => {
    requireInstallation(context);
    expect(Object.keys(exported)).toEqual(doors);
    const compiled = await compile(consumer, exported, join(ROOT, "node_modules/typescript/bin/tsc"));
    expect(compiled.code, compiled.stdout).toBe(0);
  });

  it("installs every command, and each tells its usage", async (context) => {
    requireInstallation(context);
    for (const bin of manifests.flatMap(({ folder }) => Object.keys(readMembers(folder).bin ?? {}))) {
      const path = join(consumer.folder, "node_modules/.bin", bin);
      expect(existsSync(path), bin).toBe(true);
      const ended = await runProcess(path, ["--help"], { cwd: consumer.folder, timeoutMs: 30_000 });
      expect(ended, ended.stderr).toMatchObject({ code: 0 });
      expect(ended.stdout).toContain(bin);
    }
  });
});

describe("the packaging checks", () => {
  const exports = {
    ".": { "leashkit:source": "./index.ts", types: "./dist/index.d.ts", default: "./dist/index.js" },
    "./leash.schema.json": "./leash.schema.json",
  };
  const files = [
    "LICENSE",
    "README.md",
    "package.json",
    "dist/index.js",
    "dist/index.d.ts",
    "leash.schema.json",
    "dist/main.js",
  ];
  const bin = { leash: "dist/main.js" };

  it("accept a tarball with all it needs", () => {
    expect(checkContents({ name: "hello", files }, { exports, bin })).toEqual([]);
  });

  it.each(files)("find that %s is missing", (missing) => {
    const left = files.filter((file) => file !== missing);
    expect(checkContents({ name: "hello", files: left }, { exports, bin })).toEqual([
      `hello lacks ${
        Object.values(exports["."])
          .concat("./leash.schema.json")
          .find((path) => path === `./${missing}`) ?? missing
      }`,
    ]);
  });

  it.each([
    "dist/a.test.js",
    "dist/a.test.d.ts",
    "dist/test/helper.js",
    "dist/a.fixture.js",
    "index.ts",
    "dist/.tsbuildinfo",
  ])("find that %s is too much", (path) => {
    expect(checkContents({ name: "hello", files: [...files, path] }, { exports, bin })).toEqual([
      `hello must not hold ${path}`,
    ]);
  });

  it("take only an unreachable registry for a reason to skip", () => {
    const ended = (code: number, stderr: string): Ended => ({ code, stdout: "", stderr, timedOut: false });
    expect(unreachable(ended(1, "npm error code ENOTFOUND"))).toContain("ENOTFOUND");
    expect(unreachable(ended(1, "npm error code ERESOLVE"))).toBeUndefined();
    expect(unreachable(ended(1, "npm error code ETARGET no matching version"))).toBeUndefined();
    expect(unreachable(ended(0, "npm warn ECONNRESET, tried again"))).toBeUndefined();
  });
});
