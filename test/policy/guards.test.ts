import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLeash, type Leash } from "@leashkit/core";

let folder = "";
let leash: Leash;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leashkit-probes-"));
  await mkdir(join(folder, "workspace"));
  await mkdir(join(folder, "outside"));
  await writeFile(join(folder, "outside", "secret.txt"), "s");
  await symlink(join(folder, "outside"), join(folder, "workspace", "way-out"));
  leash = await createLeash({
    policy: {
      text: `leash: 1
tools:
  write: { allowed_paths: ["${folder}/workspace/**"], decision: allow }
  any: { allowed_paths: ["/**"], decision: allow }
  fetch: { denied_hosts: [evil.example], decision: allow }
`,
    },
    state: join(folder, "state"),
    notify: [],
  });
  for (const id of ["write", "any", "fetch"]) leash.register({ id });
});

afterAll(async () => {
  await leash.close();
  await rm(folder, { recursive: true, force: true });
});

const effectOf = async (tool: string, input: unknown): Promise<string> => {
  const { effect, reasonCode } = await leash.decide({ tool, input });
  return `${effect} ${reasonCode}`;
};

describe("guards in a leash", () => {
  it("A-A17: follow the real file system", async () => {
    expect(await effectOf("write", { path: join(folder, "workspace", "new.txt") })).toBe("allow tool_default");
    expect(await effectOf("write", { path: join(folder, "workspace", "way-out", "secret.txt") })).toBe("deny guard");
    expect(await effectOf("write", { path: `${folder}/workspace/../outside/secret.txt` })).toBe("deny guard");
  });

  it("deny the leash's own state folder to everything", async () => {
    expect(await effectOf("any", { path: join(folder, "outside", "secret.txt") })).toBe("allow tool_default");
    expect(await effectOf("any", { path: join(folder, "state", "store.db") })).toBe("deny guard");
    expect(await effectOf("any", { path: "/proc/self/environ" })).toBe("deny guard");
  });

  it("A-A18: ask the system's resolver, hosts file and all", async () => {
    expect(await effectOf("fetch", { url: "http://localhost/" })).toBe("deny guard");
  });

  it("A-A17: look again when a yes is used", async () => {
    const asking = await createLeash({
      policy: { text: `leash: 1\ntools: { write: { allowed_paths: ["${folder}/workspace/**"], decision: approve } }` },
      store: "memory",
      notify: [],
    });
    asking.register({ id: "write" });
    const path = join(folder, "workspace", "later", "x.txt");
    let ran = 0;
    const running = asking.attempt({ tool: "write", input: { path } }, () => (ran += 1));
    const desk = asking.desk({ id: "ann" });
    let [approval] = await desk.pending();
    for (let tries = 0; approval === undefined && tries < 500; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      [approval] = await desk.pending();
    }
    await symlink(join(folder, "outside"), join(folder, "workspace", "later"));
    await desk.approve(approval?.id ?? "");
    expect(await running).toMatchObject({ kind: "refused", error: { reasonCode: "guard" } });
    expect(ran).toBe(0);
  });
});
