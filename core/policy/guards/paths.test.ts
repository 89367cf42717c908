import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../model/json.ts";
import type { Probes } from "./guard.ts";
import { readForm } from "./form.fixture.ts";
import { pathForm, pathGuard, type PathOptions } from "./paths.ts";

const PLACES: JsonObject = { folders: ["/home/agent/.local/state/leashkit"], ports: [4711], home: "/home/agent" };

const WORKSPACE: PathOptions = { allowedPaths: ["/workspace/**"] };

/** Probes for one path that is a file where it is written, unless stated otherwise. */
function probesOf(path: string, real: JsonObject = {}, places: Json = PLACES): Probes {
  return { "self:places": places, [`realpath:${path}`]: { path, kind: "file", links: 1, ...real } };
}

function judge(path: string, options: PathOptions = WORKSPACE, real: JsonObject = {}): string {
  const refusal = pathGuard(options).check({ path }, probesOf(path, real));
  return refusal === undefined ? "passes" : `${refusal.kind} ${refusal.code}`;
}

describe("paths", () => {
  it("are judged as written and as they lead", () => {
    expect(judge("/workspace/a.txt")).toBe("passes");
    expect(judge("/etc/hosts")).toBe("outside path_not_listed");
    expect(judge("/workspace/a.txt", WORKSPACE, { path: "/etc/hosts" })).toBe("outside path_not_listed");
    expect(judge("/etc/a.txt", WORKSPACE, { path: "/workspace/a.txt" })).toBe("outside path_not_listed");
    expect(judge("/workspace/x/../a.txt", WORKSPACE, { path: "/workspace/a.txt" })).toBe("passes");
    expect(judge("/workspace/../etc/hosts", WORKSPACE, { path: "/workspace/hosts" })).toBe("outside path_not_listed");
  });

  it("are denied as written or as they lead, whatever is allowed", () => {
    const options: PathOptions = { allowedPaths: ["/**"], deniedPaths: ["/etc/**", "~/.ssh/**", "/**/.git/**"] };
    for (const path of [
      "/etc",
      "/etc/hosts",
      "/ETC/Hosts",
      "/home/agent/.ssh/id_rsa",
      "/HOME/agent/.SSH/x",
      "/a/.git/b",
    ]) {
      expect(judge(path, options), path).toBe("forbidden path_denied");
      expect(judge("/workspace/a.txt", options, { path }), path).toBe("forbidden path_denied");
    }
    expect(judge("/workspace/.gitignore", options)).toBe("passes");
  });

  it("are denied under the names that only some systems hold for equal", () => {
    const options: PathOptions = { deniedPaths: ["/etc/**", "/data/stra\u00dfe/**", "/data/caf\u00e9"] };
    for (const path of [
      "/private/etc/hosts",
      "/System/Volumes/Data/private/etc/hosts",
      "/data/STRASSE/x",
      "/data/cafe\u0301",
      "/data/\uff43af\u00e9",
    ]) {
      expect(judge(path, options), path).toBe("forbidden path_denied");
    }
  });

  it("are allowed in exactly the case that is listed", () => {
    expect(judge("/Workspace/a.txt")).toBe("outside path_not_listed");
  });

  it("know the home of whoever runs the leash", () => {
    const options: PathOptions = { allowedPaths: ["~/notes/*.md"] };
    expect(judge("/home/agent/notes/a.md", options)).toBe("passes");
    expect(judge("/home/bob/notes/a.md", options)).toBe("outside path_not_listed");
    expect(judge("/notes/a.md", options)).toBe("outside path_not_listed");
    expect(judge("~/notes/a.md", options)).toBe("forbidden path_spelling");
  });

  it("are relative only where the policy says to what", () => {
    const options: PathOptions = { ...WORKSPACE, relativeTo: "/workspace" };
    const check = (path: string): string | undefined =>
      pathGuard(options).check({ path }, probesOf(`/workspace/${path}`, { path: "/workspace/src/a.ts" }))?.code;
    expect(judge("src/a.ts")).toBe("forbidden path_relative");
    expect(check("src/a.ts")).toBeUndefined();
    expect(check("./src/a.ts")).toBeUndefined();
    expect(check("../etc/hosts")).toBe("path_not_listed");
    expect(check("https:src")).toBe("path_spelling");
    expect(pathGuard(options).needs({ path: "src/a.ts" })).toContainEqual({
      kind: "realpath",
      key: "/workspace/src/a.ts",
    });
    expect(pathGuard(WORKSPACE).needs({ path: "src/a.ts" })).toEqual([{ kind: "self", key: "places" }]);
  });
});

describe("what nobody can allow", () => {
  const ALL: PathOptions = { allowedPaths: ["/**"], hardLinks: "allow" };

  it.each([
    "/home/agent/.local/state/leashkit",
    "/home/agent/.local/state/leashkit/keys/desk.json",
    "/home/agent/.local/state/LEASHKIT/store.db",
    "/home/agent/.local/state",
    "/home/agent",
    "/",
    "/proc",
    "/proc/self/environ",
    "/proc/self/root/etc/passwd",
    "/proc/thread-self/fd/3",
    "/proc/1/environ",
    "/proc/1/mem",
    "/proc/4242/fd/0",
    "/proc/1/maps",
    "/proc/1/cwd/x",
    "/proc/1/task/1/environ",
    "/proc/kcore",
    "/proc/sysrq-trigger",
    "/dev/mem",
    "/dev/sda",
    "/dev/sda1",
    "/dev/nvme0n1",
    "/dev/fd/3",
    "/dev/mapper/root",
    "/dev/disk/by-id/x",
  ])("%s is forbidden, as written and as it leads", (path) => {
    expect(judge(path, ALL)).toBe("forbidden path_protected");
    expect(judge("/workspace/a.txt", ALL, { path })).toBe("forbidden path_protected");
  });

  it.each(["/proc/meminfo", "/home/agent/.local/share/x", "/home/agent/.local/state/leashkit2/x", "/dev/shm/x"])(
    "%s is not among it",
    (path) => {
      expect(judge(path, ALL)).toBe("passes");
    },
  );

  it("A-A17: is what leads to a device, a socket or a pipe", () => {
    expect(judge("/workspace/pipe", WORKSPACE, { kind: "other" })).toBe("forbidden path_special");
  });
});

describe("links", () => {
  it("C: a file with another name is forbidden unless the policy allows it", () => {
    expect(judge("/workspace/a", WORKSPACE, { links: 2 })).toBe("forbidden path_hard_link");
    expect(judge("/workspace/a", { ...WORKSPACE, hardLinks: "allow" }, { links: 2 })).toBe("passes");
    expect(judge("/workspace/a", WORKSPACE, { kind: "folder", links: 5 })).toBe("passes");
    expect(judge("/workspace/a", WORKSPACE, { kind: "missing", links: 0 })).toBe("passes");
  });
});

describe("extensions", () => {
  const options: PathOptions = { ...WORKSPACE, denyExtensions: [".env", ".pem", ".key", ".tar.gz"] };

  it.each([
    ".env",
    ".ENV",
    ".env.local",
    "prod.env",
    ".env.",
    ".env ~",
    "x.env.bak",
    ".env:stream",
    ".env::$DATA",
    ".env~",
  ])("C: %s is denied by .env", (name) => {
    expect(judge(`/workspace/${name}`, options)).toBe("forbidden extension_denied");
    expect(judge("/workspace/a", options, { path: `/workspace/${name}` })).toBe("forbidden extension_denied");
  });

  it.each(["a.PEM", "a.pem", "a.pem.bak", ".pem", "a.Key", "x.tar.gz", "x.TAR.GZ.1", "a.\uff50em", "a.txt:b.pem"])(
    "C: %s is denied, too",
    (name) => {
      expect(judge(`/workspace/${name}`, options)).toBe("forbidden extension_denied");
    },
  );

  it.each([
    "env.ts",
    "key.ts",
    "pem",
    "environment",
    ".envrc",
    "a.environment",
    "a.gz",
    "x.tar",
    "keys/a.ts",
    ".env.d/x",
  ])("%s is not", (name) => {
    expect(judge(`/workspace/${name}`, options)).toBe("passes");
  });

  it("are allowed at the very end of the name only, and in any case", () => {
    const only: PathOptions = { ...WORKSPACE, allowExtensions: [".md", ".d.ts"] };
    for (const name of ["a.md", "A.MD", "a.b.md", "x.d.ts"]) expect(judge(`/workspace/${name}`, only)).toBe("passes");
    for (const name of ["a.md.exe", "a", "a.md.", "md", "a.ts", "a.exe:b.md", "a.md:x", "a.md~"]) {
      expect(judge(`/workspace/${name}`, only), name).toBe("outside extension_not_listed");
    }
    expect(judge("/workspace/a.md", only, { path: "/workspace/a.sh" })).toBe("outside extension_not_listed");
  });
});

describe("what is not known", () => {
  it.each<Json>([
    null,
    "/workspace/a",
    [],
    {},
    { path: "/workspace/a", kind: "file" },
    { path: "/workspace/a", kind: "link", links: 1 },
    { path: "/workspace/a", kind: "file", links: "1" },
    { path: "/workspace/a", kind: "file", links: -1 },
    { path: "workspace/a", kind: "file", links: 1 },
    { path: "/workspace/../a", kind: "file", links: 1 },
    { path: "/workspace//a", kind: "file", links: 1 },
    { path: "/workspace/a/", kind: "file", links: 1 },
  ])("is forbidden: a real path of %j", (answer) => {
    const probes: Probes = { "self:places": PLACES, "realpath:/workspace/a": answer };
    expect(pathGuard(WORKSPACE).check({ path: "/workspace/a" }, probes)).toMatchObject({
      kind: "forbidden",
      code: "realpath_unknown",
    });
  });

  it.each<Json>([
    null,
    {},
    { folders: [], ports: [] },
    { folders: "/x", home: "/home/agent" },
    { folders: [5], home: "/home/agent" },
    { folders: ["x"], home: "/home/agent" },
    { folders: [], home: "" },
  ])("is forbidden: the leash's places are %j", (places) => {
    const probes = probesOf("/workspace/a", {}, places);
    expect(pathGuard(WORKSPACE).check({ path: "/workspace/a" }, probes)?.code).toBe("places_unknown");
  });

  it("is forbidden: no probe at all", () => {
    expect(pathGuard(WORKSPACE).check({ path: "/workspace/a" }, {})?.code).toBe("places_unknown");
    expect(pathGuard(WORKSPACE).check({ path: "/workspace/a" }, { "self:places": PLACES })?.code).toBe(
      "realpath_unknown",
    );
  });

  it("is forbidden: a real path of characters that programs read in different ways", () => {
    expect(judge("/workspace/a", WORKSPACE, { path: "/workspace/a\u202etxt" })).toBe("forbidden realpath_spelling");
  });
});

describe("places in the input", () => {
  it.each<Json>([
    {},
    { path: null },
    { path: 5 },
    { path: [] },
    { path: [5] },
    { path: { a: "/workspace/a" } },
    [],
    "/workspace/a",
  ])("without a path are forbidden: %j", (input) => {
    expect(pathGuard(WORKSPACE).check(input, { "self:places": PLACES })?.code).toBe("path_missing");
    expect(pathGuard(WORKSPACE).needs(input)).toEqual([{ kind: "self", key: "places" }]);
  });

  it("are all looked at, and forbidden goes before outside", () => {
    const guard = pathGuard({ ...WORKSPACE, path: ["input.from", "input.to"], deniedPaths: ["/etc/**"] });
    const paths = ["/workspace/a", "/workspace/b", "/tmp/c", "/etc/d"];
    const probes = Object.assign({}, ...paths.map((path) => probesOf(path))) as Probes;
    expect(guard.needs({ from: ["/workspace/a", "/workspace/b"], to: "/workspace/a" })).toEqual([
      { kind: "self", key: "places" },
      { kind: "realpath", key: "/workspace/a" },
      { kind: "realpath", key: "/workspace/b" },
    ]);
    expect(guard.check({ from: ["/workspace/a", "/workspace/b"], to: "/workspace/a" }, probes)).toBeUndefined();
    expect(guard.check({ from: "/workspace/a" }, probes)?.code).toBe("path_missing");
    expect(guard.check({ from: ["/workspace/a", "/tmp/c"], to: "/workspace/b" }, probes)?.code).toBe("path_not_listed");
    expect(guard.check({ from: "/tmp/c", to: "/etc/d" }, probes)?.code).toBe("path_denied");
    expect(
      guard.check({ from: Array.from({ length: 257 }, () => "/workspace/a"), to: "/workspace/b" }, probes)?.code,
    ).toBe("path_too_many");
  });
});

describe("the path guard's keys", () => {
  it.each([
    ["allowed_paths: ['/workspace/**', '~/notes/*.md', '/a/?/b', '/']", []],
    ["denied_paths: ['/**/.git/**']\nhard_links: allow", []],
    ["allow_extensions: [.md]\npath: [input.from, input.to]", []],
    ["deny_extensions: [.env, .tar.gz]\nrelative_to: /workspace\npath: input.file.name", []],
    ["{}", []],
    ["allowed_paths: []", ["bad_value 1"]],
    ["allowed_paths: /workspace/**", ["wrong_type 1"]],
    ["allowed_paths: [workspace/**]", ["bad_pattern 1"]],
    ["allowed_paths: ['**']", ["bad_pattern 1"]],
    ["allowed_paths: ['/a/**b']", ["bad_pattern 1"]],
    ["allowed_paths: ['/a/../b']", ["bad_pattern 1"]],
    ["allowed_paths: ['/a/./b']", ["bad_pattern 1"]],
    ["allowed_paths: ['/a//b']", ["bad_pattern 1"]],
    ["allowed_paths: ['/a/']", ["bad_pattern 1"]],
    ["allowed_paths: ['~']", ["bad_pattern 1"]],
    ["allowed_paths: ['~bob/a']", ["bad_pattern 1"]],
    ["allowed_paths: ['/a/[ab]']", ["bad_pattern 1"]],
    ["allowed_paths: ['/a/{b,c}']", ["bad_pattern 1"]],
    ["allowed_paths: ['/a/!(b)']", ["bad_pattern 1"]],
    ["allowed_paths: ['/a\\b']", ["bad_pattern 1"]],
    ["allowed_paths: ['/a/b ']", ["bad_pattern 1"]],
    ["allowed_paths: [5]", ["bad_pattern 1"]],
    ["denied_paths:\n  - /a\n  - b", ["bad_pattern 3"]],
    ["denied_paths: [/a, /a]", ["duplicate 1"]],
    ["deny_extensions: [env]", ["bad_value 1"]],
    ["deny_extensions: ['*.env']", ["bad_value 1"]],
    ["deny_extensions: ['.']", ["bad_value 1"]],
    ["deny_extensions: [.env]\nhard_links: no", ["bad_value 2"]],
    ["deny_extensions: [.env]\nrelative_to: workspace", ["bad_value 2"]],
    ["deny_extensions: [.env]\nrelative_to: /a/../b", ["bad_value 2"]],
    ["deny_extensions: [.env]\npath: file", ["bad_path 2"]],
    ["path: input.path", ["misplaced_key 1"]],
    ["path: input.path\nhard_links: deny\nrelative_to: /a", ["misplaced_key 1", "misplaced_key 2", "misplaced_key 3"]],
  ])("%j: %j", (yaml, issues) => {
    expect(readForm(pathForm, yaml).issues).toEqual(issues);
  });

  it("make the guard that they state, and none where none of them stands", () => {
    expect(readForm(pathForm, "{}").guard).toBeUndefined();
    const { guard } = readForm(
      pathForm,
      "path: input.f\nrelative_to: /w\nallowed_paths: [/w/**]\ndenied_paths: [/w/x]\nallow_extensions: [.md, .key]\n" +
        "deny_extensions: [.key]\nhard_links: allow",
    );
    const check = (f: string, real: JsonObject = {}): string | undefined =>
      guard?.check({ f }, probesOf(`/w/${f}`, { path: `/w/${f}`, links: 2, ...real }))?.code;
    expect(check("a.md")).toBeUndefined();
    expect(check("a.md", { path: "/v/a.md" })).toBe("path_not_listed");
    expect(check("x")).toBe("path_denied");
    expect(check("a.key")).toBe("extension_denied");
    expect(check("a.txt")).toBe("extension_not_listed");
  });

  it.each<[string, object]>([
    ["a pattern that is none", { allowedPaths: ["workspace"] }],
    ["a denied pattern that is none", { deniedPaths: ["/a/[b]"] }],
    ["an extension that is none", { denyExtensions: ["env"] }],
    ["an allowed extension that is none", { allowExtensions: ["md"] }],
    ["a base that is none", { relativeTo: "workspace" }],
    ["no place", { path: [] }],
    ["a path that is none", { path: "path" }],
    ["an unknown word", { hardLinks: "no" }],
    ["an unknown option", { denied: [] }],
  ])("in code, %s is refused when the guard is made", (_, options) => {
    expect(() => pathGuard(options)).toThrow(expect.objectContaining({ code: "LEASH_CONFIG_INVALID" }));
  });
});
