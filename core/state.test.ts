import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sha256Hex } from "./digest.ts";
import { stateFolder, stateLayout } from "./state.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leashkit-state-"));
  writeFileSync(join(folder, "leash.yaml"), "leash: 1\n");
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe("stateFolder", () => {
  it("lies under XDG_STATE_HOME, named by the digest of the policy's path", () => {
    vi.stubEnv("XDG_STATE_HOME", "/var/state");
    const policy = join(folder, "leash.yaml");
    expect(stateFolder(policy)).toBe(join("/var/state/leashkit", sha256Hex(policy)));
  });

  it.each(["relative/state", "", "."])(
    "does not take %j from XDG_STATE_HOME: nothing is kept in the working folder",
    (value) => {
      vi.stubEnv("XDG_STATE_HOME", value);
      expect(stateFolder("leash.yaml").startsWith(join(homedir(), ".local", "state", "leashkit"))).toBe(true);
    },
  );

  it("is the default folder where XDG_STATE_HOME is unset", () => {
    vi.stubEnv("XDG_STATE_HOME", undefined);
    expect(stateFolder("leash.yaml").startsWith(join(homedir(), ".local", "state", "leashkit"))).toBe(true);
  });

  it("is one folder for a policy that is reached through two links, and two for two policies", () => {
    symlinkSync(join(folder, "leash.yaml"), join(folder, "link.yaml"));
    mkdirSync(join(folder, "inner"));
    writeFileSync(join(folder, "other.yaml"), "leash: 1\n");
    const plain = stateFolder(join(folder, "leash.yaml"));
    expect(stateFolder(join(folder, "link.yaml"))).toBe(plain);
    expect(stateFolder(`${folder}/inner/../leash.yaml`)).toBe(plain);
    expect(stateFolder(join(folder, "other.yaml"))).not.toBe(plain);
  });

  it("has a name also for a policy that is not there yet, wherever it is asked from", () => {
    expect(stateFolder("missing.yaml")).toBe(stateFolder(join(process.cwd(), "missing.yaml")));
  });
});

describe("stateLayout", () => {
  it("keeps store and keys inside the folder", () => {
    expect(stateLayout("/s")).toEqual({ store: "/s/store.db", keys: "/s/keys" });
  });
});
