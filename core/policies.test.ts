import { renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createLeash } from "./leash.ts";
import type { PolicyEvent } from "./model/leash.ts";
import { type BindOptions, bindFile, type BoundPolicy } from "./policies/bound.ts";
import { loadSample, samplePolicy, sleep, temporaryFolder } from "./policies/files.fixture.ts";
import { memoryStore } from "./store/memory.ts";
import type { Store } from "./store/store.ts";
import { faultyStore } from "./testing/faulty-store.ts";
import { scriptedPolicy } from "./testing/scripted-policy.ts";

const SETTLE_MS = 40;
const digestOf = (...texts: string[]): string => samplePolicy(texts.join("\n--\n")).digest;

interface Bound {
  readonly bound: BoundPolicy;
  readonly folder: string;
  readonly file: string;
  readonly events: PolicyEvent[];
  /** Types and details of the log's records. */
  readonly log: () => Promise<readonly (readonly [unknown, unknown])[]>;
}

/** A bound policy in the sample language. */
async function bind(text: string, options: Partial<BindOptions> & { readonly store?: Store } = {}): Promise<Bound> {
  const { store = memoryStore(), ...rest } = options;
  const folder = temporaryFolder();
  const file = join(folder, "leash.yaml");
  writeFileSync(file, text);
  const events: PolicyEvent[] = [];
  const bound = await bindFile({ origin: "leash.yaml", base: folder }, loadSample, {
    log: { store, stream: "stream-1", tenant: "default" },
    mode: undefined,
    accept: () => undefined,
    onPolicy: (event) => events.push(event),
    watch: { settleMs: SETTLE_MS, intervalMs: 3_600_000 },
    ...rest,
  });
  onTestFinished(() => bound.close());
  return {
    bound,
    folder,
    file,
    events,
    async log() {
      const lines = (await store.lines("stream-1", 0)).map(({ line }) => JSON.parse(line) as Record<string, unknown>);
      return lines.map(({ type, detail }) => [type, detail] as const);
    },
  };
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "fine",
    (error: { code?: unknown; issues?: readonly { code: string }[] }) => error.issues?.[0]?.code ?? error.code,
  );

describe("reload", () => {
  it("says whether something else is in force than at the call", async () => {
    const { bound, file, log } = await bind("one");
    expect(await bound.reload()).toEqual({ changed: false, digest: digestOf("one") });
    writeFileSync(file, "two");
    expect(await bound.reload()).toEqual({ changed: true, digest: digestOf("two") });
    expect(await bound.reload()).toEqual({ changed: false, digest: digestOf("two") });
    writeFileSync(file, "two");
    const before = bound.inForce;
    expect(await bound.reload()).toEqual({ changed: false, digest: digestOf("two") });
    expect(bound.inForce).toBe(before);
    expect(await log()).toEqual([
      ["policy.loaded", undefined],
      ["policy.loaded", undefined],
    ]);
  });

  it("gives many who ask at once the same answer, over one load", async () => {
    const { bound, file, events, log } = await bind("one");
    writeFileSync(file, "two");
    const answers = await Promise.all(Array.from({ length: 20 }, () => bound.reload()));
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify({ changed: true, digest: digestOf("two") })]),
    );
    expect(events).toHaveLength(1);
    expect(await log()).toHaveLength(2);
  });

  it("sees what was written before it was asked, also while an earlier one is under way", async () => {
    const { bound, file } = await bind("one");
    writeFileSync(file, "two");
    const first = bound.reload();
    await sleep(SETTLE_MS / 2);
    writeFileSync(file, "three");
    expect(await bound.reload()).toEqual({ changed: true, digest: digestOf("three") });
    expect(await first).toEqual({ changed: true, digest: digestOf("three") });
  });

  it("does nothing for a policy given as text, or compiled", async () => {
    for (const policy of [{ text: "leash: 1\ndefault: deny\n" }, scriptedPolicy(() => "deny")]) {
      const leash = await createLeash({ policy, store: "memory", notify: [] });
      expect(await leash.reload()).toEqual({ changed: false, digest: leash.policy.digest });
      await leash.close();
    }
  });

  it("reads the file that was named at the start, wherever the process goes", async () => {
    const { bound, file } = await bind("one");
    const folder = temporaryFolder();
    writeFileSync(join(folder, "leash.yaml"), "planted");
    const cwd = vi.spyOn(process, "cwd").mockReturnValue(folder);
    try {
      writeFileSync(file, "two");
      expect(await bound.reload()).toMatchObject({ digest: digestOf("two") });
    } finally {
      cwd.mockRestore();
    }
  });

  it("I11: refuses, and throws the same again without a second record", async () => {
    const { bound, file, log, events } = await bind("one");
    writeFileSync(file, "bad");
    for (let time = 0; time < 3; time += 1) expect(await codeOf(bound.reload())).toBe("sample");
    writeFileSync(file, "one");
    expect(await bound.reload()).toEqual({ changed: false, digest: digestOf("one") });
    writeFileSync(file, "bad");
    expect(await codeOf(bound.reload())).toBe("sample");
    expect(events.map(({ kind }) => kind)).toEqual(["refused", "refused"]);
    expect((await log()).map(([type]) => type)).toEqual(["policy.loaded", "policy.refused", "policy.refused"]);
  });

  it("I11: a file that never rests is refused once", async () => {
    const { bound, file, events, log } = await bind("one", { watch: { settleMs: 5, intervalMs: 3_600_000 } });
    let count = 0;
    writeFileSync(file, "0");
    const writing = setInterval(() => writeFileSync(file, `${(count += 1)}`), 1);
    try {
      for (let time = 0; time < 2; time += 1) expect(await codeOf(bound.reload())).toBe("unreadable");
    } finally {
      clearInterval(writing);
    }
    expect(bound.inForce.policy.digest).toBe(digestOf("one"));
    expect(events).toHaveLength(1);
    expect(await log()).toHaveLength(2);
    writeFileSync(file, "two");
    expect(await bound.reload()).toEqual({ changed: true, digest: digestOf("two") });
  });
});

describe("a policy that takes force", () => {
  it("I11: waits at the start only for a file that was changed a moment ago", async () => {
    const clock = vi.spyOn(Date, "now").mockReturnValue(Date.now() + 3_500_000);
    onTestFinished(() => clock.mockRestore());
    const { bound } = await bind("one", { watch: { settleMs: 3_000_000 } });
    expect(bound.inForce.policy.digest).toBe(digestOf("one"));
  });

  it("I5: decides nothing before its record is written, and is tried again", async () => {
    let isDown = false;
    const inner = memoryStore();
    const store = faultyStore(inner, { failCommit: () => (isDown ? "before" : undefined) });
    const { bound, file, events } = await bind("one", { store });
    writeFileSync(file, "two");
    isDown = true;
    expect(await codeOf(bound.reload())).toBe("LEASH_STORE_UNAVAILABLE");
    expect(await codeOf(bound.reload())).toBe("LEASH_STORE_UNAVAILABLE");
    expect(bound.inForce.policy.digest).toBe(digestOf("one"));
    expect(events).toEqual([]);
    isDown = false;
    expect(await bound.reload()).toEqual({ changed: true, digest: digestOf("two") });
    expect(await inner.get("policy", digestOf("two"))).toMatchObject({ body: { source: '"two"' } });
  });

  it("A-P6: needs no store to deny where its file is gone", async () => {
    let isDown = false;
    const store = faultyStore(memoryStore(), { failCommit: () => (isDown ? "before" : undefined) });
    const { bound, file, events } = await bind("one", { store });
    rmSync(file);
    isDown = true;
    expect(await codeOf(bound.reload())).toBe("unreadable");
    expect(bound.inForce.policy).toMatchObject({ digest: digestOf("one"), canAsk: false });
    expect(events).toEqual([{ kind: "missing", digest: digestOf("one") }]);
  });

  it("may turn observe into enforce at once, with a record", async () => {
    const { bound, file, log } = await bind("observe");
    expect(bound.inForce.mode).toBe("observe");
    writeFileSync(file, "one");
    expect(await bound.reload()).toMatchObject({ changed: true });
    expect(bound.inForce.mode).toBe("enforce");
    expect((await log()).slice(1)).toEqual([
      ["policy.loaded", undefined],
      ["mode.changed", "observe to enforce"],
    ]);
  });

  it("I12: never turns enforce into observe", async () => {
    const { bound, file, log, events } = await bind("one");
    writeFileSync(file, "observe");
    expect(await codeOf(bound.reload())).toBe("mode_loosened");
    expect(bound.inForce).toMatchObject({ mode: "enforce", policy: { digest: digestOf("one") } });
    expect(events).toMatchObject([{ kind: "refused", issues: [{ code: "mode_loosened", pointer: "/mode" }] }]);
    expect((await log()).slice(1)).toEqual([["policy.refused", "1 issues"]]);
  });

  it("I12: nor back into it after the policy was gone, or where it had been observe at the start", async () => {
    const { bound, file } = await bind("observe");
    writeFileSync(file, "one");
    await bound.reload();
    rmSync(file);
    expect(await codeOf(bound.reload())).toBe("unreadable");
    writeFileSync(file, "observe");
    expect(await codeOf(bound.reload())).toBe("mode_loosened");
    expect(bound.inForce.mode).toBe("enforce");
  });

  it.each(["enforce", "observe"] as const)("I12: leaves the mode alone where the host's %s rules it", async (mode) => {
    const { bound, file, log } = await bind("observe", { mode });
    expect(bound.inForce.mode).toBe(mode);
    writeFileSync(file, "observe too");
    expect(await bound.reload()).toMatchObject({ changed: true });
    expect(bound.inForce.mode).toBe(mode);
    expect((await log()).map(([type]) => type)).toEqual(["policy.loaded", "policy.loaded"]);
  });

  it("A-P6: keeps observing where it only observed and its file is gone", async () => {
    const { bound, file } = await bind("observe");
    rmSync(file);
    await codeOf(bound.reload());
    expect(bound.inForce.mode).toBe("observe");
  });
});

describe("a policy of several files", () => {
  const ROOT = "extends org.yaml\nroot";

  async function layered(org: string): Promise<Bound & { readonly org: string }> {
    const made = await bind("one");
    const place = join(made.folder, "org.yaml");
    writeFileSync(place, org);
    writeFileSync(made.file, ROOT);
    await made.bound.reload();
    return { ...made, org: place };
  }

  it("is loaded when one that it extends changes", async () => {
    const { bound, org } = await layered("org 1");
    expect(bound.inForce.policy.digest).toBe(digestOf(ROOT, "org 1"));
    writeFileSync(org, "org 2");
    expect(await bound.reload()).toEqual({ changed: true, digest: digestOf(ROOT, "org 2") });
  });

  it("A-P4: is used only when all of its files rest", async () => {
    const { bound, file, org } = await layered("org 1");
    const seen = new Set<string>();
    writeFileSync(file, `${ROOT} 2`);
    const reloading = bound.reload();
    for (let step = 0; step < 20; step += 1) {
      writeFileSync(org, `org ${step}`);
      await sleep(5);
      seen.add(bound.inForce.policy.digest);
    }
    await reloading;
    expect(seen).toEqual(new Set([digestOf(ROOT, "org 1")]));
    expect(bound.inForce.policy.digest).toBe(digestOf(`${ROOT} 2`, "org 19"));
  });

  it("I11: keeps the last good one, whole, while one that it extends is gone or bad", async () => {
    const { bound, org } = await layered("org 1");
    rmSync(org);
    expect(await codeOf(bound.reload())).toBe("sample");
    expect(bound.inForce.policy).toMatchObject({ digest: digestOf(ROOT, "org 1") });
    writeFileSync(org, "bad");
    expect(await codeOf(bound.reload())).toBe("sample");
    writeFileSync(org, "org 2");
    expect(await bound.reload()).toEqual({ changed: true, digest: digestOf(ROOT, "org 2") });
  });

  it("is watched with all of its files, also those named since the start", async () => {
    const { bound, folder, file, events } = await bind("one", { watch: { settleMs: 20, intervalMs: 3_600_000 } });
    bound.watch();
    const elsewhere = join(temporaryFolder(), "org.yaml");
    writeFileSync(elsewhere, "org 1");
    const root = `extends ${elsewhere}`;
    writeFileSync(file, root);
    await expect.poll(() => bound.inForce.policy.digest).toBe(digestOf(root, "org 1"));
    writeFileSync(elsewhere, "org 2");
    await expect.poll(() => bound.inForce.policy.digest).toBe(digestOf(root, "org 2"));
    rmSync(elsewhere);
    await expect.poll(() => events.at(-1)?.kind).toBe("refused");
    renameSync(file, join(folder, "away.yaml"));
    await expect.poll(() => events.at(-1)?.kind).toBe("missing");
  });

  it("is looked at again when something changes while a change takes force", async () => {
    const inner = memoryStore();
    let commits = 0;
    let release = (): void => undefined;
    const recorded = new Promise<void>((resolve) => (release = resolve));
    const commit: Store["commit"] = async (...parts) => {
      if ((commits += 1) === 2) await recorded;
      return inner.commit(...parts);
    };
    const { bound, file } = await bind("one", { store: { ...inner, commit } });
    bound.watch();
    writeFileSync(file, "two");
    await expect.poll(() => commits).toBe(2);
    writeFileSync(file, "three");
    await sleep(100);
    release();
    await expect.poll(() => bound.inForce.policy.digest).toBe(digestOf("three"));
  });

  it("is found changed by looking, too, where no event tells of it", async () => {
    const folder = temporaryFolder();
    const { bound, file } = await bind("one", { watch: { settleMs: 20, intervalMs: 30 } });
    const [first, second] = [join(folder, "first.yaml"), join(folder, "second.yaml")];
    // The file is a link to a link in a third folder: neither its own folder nor that of its end sees the middle one turned.
    const middle = join(temporaryFolder(), "middle.yaml");
    writeFileSync(first, "first");
    writeFileSync(second, "second");
    symlinkSync(first, middle);
    rmSync(file);
    symlinkSync(middle, file);
    await bound.reload();
    bound.watch();
    await sleep(60);
    symlinkSync(second, `${middle}.new`);
    renameSync(`${middle}.new`, middle);
    await expect.poll(() => bound.inForce.policy.digest).toBe(digestOf("second"));
    expect(dirname(middle)).not.toBe(folder);
  });
});

describe("createLeash", () => {
  const write = (text: string): string => {
    const file = join(temporaryFolder(), "leash.yaml");
    writeFileSync(file, `leash: 1\n${text}`);
    return file;
  };
  const TIMES = { settleMs: 20, intervalMs: 30 };

  it("I4: keeps a policy that asks nobody where nobody could be asked", async () => {
    const policy = write("default: deny\n");
    const leash = await createLeash({ policy, store: "memory", watch: TIMES, onPolicy: () => undefined });
    writeFileSync(policy, "leash: 1\ndefault: approve\n");
    expect(await codeOf(leash.reload())).toBe("no_approver");
    leash.register({ id: "buy" });
    expect((await leash.decide({ tool: "buy", input: {} })).effect).toBe("deny");
    await leash.close();
  });

  it("I12: enforces for every gate that was handed out, once the text says so", async () => {
    const policy = write("mode: observe\ndefault: deny\n");
    const leash = await createLeash({ policy, store: "memory", notify: [], watch: TIMES });
    leash.register({ id: "buy" });
    const gates = [leash, leash.as({ agent: "other" }), leash.narrow({ agent: "child" })];
    for (const gate of gates)
      expect([gate.mode, await gate.guard({ tool: "buy", input: {} }, () => 1)]).toEqual(["observe", 1]);
    writeFileSync(policy, "leash: 1\ndefault: deny\n");
    await leash.reload();
    for (const gate of gates) {
      expect(gate.mode).toBe("enforce");
      expect(await codeOf(gate.guard({ tool: "buy", input: {} }, () => 1))).toBe("LEASH_DENIED");
      expect(await codeOf(gate.authorize({ tool: "buy", input: {} }))).toBe("LEASH_DENIED");
    }
    await leash.close();
  });

  it("I12: records a call that it observes under one mode, though the policy turns strict in the middle of it", async () => {
    const policy = write("mode: observe\ndefault: deny\n");
    const inner = memoryStore();
    let reload = (): Promise<unknown> => Promise.resolve();
    // What was recorded of this very call is looked up between the first look at the mode and the decision on record.
    const store: Store = {
      ...inner,
      get: async (kind, id) => (kind === "journal" && (await reload()), inner.get(kind, id)),
    };
    const leash = await createLeash({ policy, store, notify: [], watch: TIMES });
    leash.register({ id: "buy" });
    writeFileSync(policy, "leash: 1\ndefault: deny\n");
    reload = () => leash.reload();
    await leash.guard({ tool: "buy", input: {}, callId: "1", scope: "s" }, () => 1);
    const records: Record<string, unknown>[] = [];
    for await (const line of leash.exportLog()) records.push(JSON.parse(line) as Record<string, unknown>);
    const [decided] = records.filter(({ type }) => type === "decided");
    expect(decided).toMatchObject({ decision: "DENY", effective: "OBSERVED" });
    expect(leash.mode).toBe("enforce");
    await leash.close();
  });

  it("A-P6: warns where no host listens", async () => {
    const policy = write("default: deny\n");
    const warning = vi.spyOn(process, "emitWarning").mockReturnValue(undefined);
    onTestFinished(() => warning.mockRestore());
    const leash = await createLeash({ policy, store: "memory", notify: [], watch: TIMES });
    writeFileSync(policy, "leash: 1\nrulse: []\n");
    const codes = (): unknown[] => warning.mock.calls.map(([, options]) => (options as { code?: unknown }).code);
    await expect.poll(codes).toEqual(["LEASH_POLICY_REFUSED"]);
    rmSync(policy);
    await expect.poll(codes).toEqual(["LEASH_POLICY_REFUSED", "LEASH_POLICY_MISSING"]);
    await leash.close();
  });

  it.each([
    [{ policy: { text: "leash: 1\n" }, watch: true }],
    [{ policy: scriptedPolicy(() => "allow"), watch: TIMES }],
    [{ policy: "leash.yaml", watch: { settleMs: 0 } }],
    [{ policy: "leash.yaml", watch: { settleMs: 1.5 } }],
    [{ policy: "leash.yaml", watch: { intervalMs: Number.POSITIVE_INFINITY } }],
    [{ policy: "leash.yaml", watch: { interval: 5 } as object }],
  ])("refuses a watch that makes no sense: %j", async (options) => {
    expect(await codeOf(createLeash({ ...options, store: "memory", notify: [] }))).toBe("LEASH_CONFIG_INVALID");
  });
});
