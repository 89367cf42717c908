import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLeash, NoEffect, type Leash } from "@leashkit/core";
import { fakeClock } from "@leashkit/core/testing";
import { afterEach, describe, expect, inject, it } from "vitest";
import { chatCall, functionCall } from "./calls.fixture.ts";
import { markFault } from "./faults.ts";
import { createInterceptor, type Interceptor, type InterceptorOptions, type Suspension } from "./index.ts";
import { approveAll, leashFor, logOf, pendingAt } from "./leash.fixture.ts";
import { readSuspension } from "./suspension.ts";

const POLICY =
  "default: deny\ntools: { buy: { decision: approve }, look: { decision: allow }, fail: { decision: allow } }\n";
const CALLS = [
  chatCall("l", "look", { at: "shelf" }),
  chatCall("b", "buy", { item: "tea" }),
  chatCall("w", "wipe", {}),
];
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "leashkit-suspension-"));
  folders.push(folder);
  return folder;
}

/** An interceptor that notes what ran, in whichever process or object it did. */
function noting(leash: Leash, ran: string[], options: InterceptorOptions = {}): Interceptor {
  return createInterceptor(leash, {
    handlers: {
      look: ({ at }: { at: string }) => `saw ${at} ${ran.push(`look ${at}`)}`,
      buy: ({ item }: { item: string }) => `sold ${item} ${ran.push(`buy ${item}`)}`,
      fail: () => {
        ran.push("fail");
        throw new NoEffect("closed");
      },
    },
    ...options,
  });
}

async function suspended(calls: readonly object[] = CALLS, options: Parameters<typeof leashFor>[1] = {}) {
  const leash = await leashFor(POLICY, options);
  const ran: string[] = [];
  const interceptor = noting(leash, ran);
  const turn = await interceptor.run(calls);
  if (turn.suspension === null) throw new Error("The turn was not suspended.");
  // As a database gives it back.
  const suspension = JSON.parse(JSON.stringify(turn.suspension)) as Suspension;
  return { leash, ran, interceptor, turn, suspension };
}

const OUTPUTS = [
  { role: "tool", tool_call_id: "l", content: "saw shelf 1" },
  { role: "tool", tool_call_id: "b", content: "sold tea 2" },
  { role: "tool", tool_call_id: "w", content: "Denied: this tool is not available. Do not retry this call." },
];

describe("a suspended turn", () => {
  it("runs what needs nobody, gives no outputs yet, and says what it waits for", async () => {
    const { leash, ran, turn } = await suspended();
    const [approval] = await pendingAt(leash);
    expect(ran).toEqual(["look shelf"]);
    expect(turn).toMatchObject({ outputs: [], unanswerable: [] });
    expect(turn.pending).toEqual([
      { callId: "b", tool: "buy", ref: approval?.ref, approvalId: approval?.id, expiresAt: approval?.expiresAt },
    ]);
    expect(turn.suspension).toEqual({
      v: 1,
      kind: "leashkit.openai.suspension",
      scope: expect.any(String),
      session: null,
      calls: CALLS.map((item) => (item.id === "w" ? { item, problem: "no such tool is offered" } : { item })),
      refs: [approval?.ref],
    });
  });

  it("I2: goes on after the answer: one output each, in order, nothing runs twice, however often it is resumed", async () => {
    const { leash, ran, interceptor, suspension } = await suspended();
    const still = await interceptor.run(suspension);
    expect(still.suspension).toEqual(suspension);
    await approveAll(leash);
    const [one, two] = await Promise.all([interceptor.run(suspension), interceptor.run(suspension)]);
    expect(one).toEqual({ outputs: OUTPUTS, pending: [], suspension: null, unanswerable: [] });
    expect(two).toEqual(one);
    expect(await interceptor.run(suspension)).toEqual(one);
    expect(ran).toEqual(["look shelf", "buy tea"]);
  });

  it("I3: resuming it before the answer, or after a no, runs nothing", async () => {
    const { leash, ran, interceptor, suspension } = await suspended();
    for (let wake = 0; wake < 3; wake += 1) await interceptor.run(suspension);
    const [approval] = await pendingAt(leash);
    await leash.desk({ id: "ann" }).deny(approval?.id ?? "", { reason: "no money" });
    const { outputs } = await interceptor.run(suspension);
    expect(outputs[1]).toMatchObject({ content: expect.stringContaining("no money") });
    expect(ran).toEqual(["look shelf"]);
    expect(await leash.desk({ id: "ann" }).pending()).toEqual([]);
  });

  it("that expired is answered with that", async () => {
    const clock = fakeClock();
    const { ran, interceptor, suspension } = await suspended(CALLS, { clock });
    clock.advance(3_600_001);
    expect((await interceptor.run(suspension)).outputs[1]).toMatchObject({ content: /expired/u });
    expect(ran).toEqual(["look shelf"]);
  });

  it("does not try a failed call again, and remembers what was noted beside an item", async () => {
    const cut = markFault(chatCall("c", "look", { at: "cut" }), "the stream broke off");
    const nameless = chatCall("", "look", { at: "nameless" });
    const { leash, ran, interceptor, suspension } = await suspended([
      chatCall("f", "fail", {}),
      cut,
      nameless,
      chatCall("b", "buy", { item: "tea" }),
    ]);
    await approveAll(leash);
    const { outputs } = await interceptor.run(suspension);
    expect(outputs.map((output) => "content" in output && output.content)).toEqual([
      "Error: closed",
      expect.stringContaining("the stream broke off"),
      expect.stringContaining("no id"),
      "sold tea 2",
    ]);
    expect(ran).toEqual(["fail", "buy tea"]);
  });

  it("I2: does not repeat a call whose result was too large to keep, and says that it ran", async () => {
    const leash = await leashFor(POLICY);
    let ran = 0;
    const look = (): string => {
      ran += 1;
      return "x".repeat(2_000_000);
    };
    const interceptor = createInterceptor(leash, { handlers: { look, buy: () => "sold" } });
    const { suspension } = await interceptor.run(CALLS);
    await approveAll(leash);
    expect((await interceptor.run(suspension)).outputs).toMatchObject([
      { content: /already ran, and its result was not kept/u },
      { content: "sold" },
      {},
    ]);
    expect(ran).toBe(1);
  });

  it("I2: resumed under a signal that aborted before, says what ran, and of the others that they did not", async () => {
    const { leash, ran, interceptor, suspension } = await suspended();
    await approveAll(leash);
    const { outputs } = await interceptor.run(suspension, {}, { signal: AbortSignal.abort() });
    expect(outputs).toMatchObject([{ content: "saw shelf 1" }, { content: "Not run: the run was aborted." }, {}]);
    expect(ran).toEqual(["look shelf"]);
    expect((await interceptor.run(suspension)).outputs).toEqual(OUTPUTS);
  });

  it("can be waited for", async () => {
    const { leash, interceptor, suspension } = await suspended();
    expect(await interceptor.settled(suspension, { signal: AbortSignal.timeout(20) })).toBe(false);
    const waiting = interceptor.settled(suspension);
    await approveAll(leash);
    expect(await waiting).toBe(true);
  });

  it("answers responses items in their own form", async () => {
    const { leash, interceptor, suspension } = await suspended([
      functionCall("b", "buy", { item: "tea" }),
      { type: "reasoning", id: "r", summary: [] },
    ]);
    expect(suspension.calls).toHaveLength(1);
    await approveAll(leash);
    expect((await interceptor.run(suspension)).outputs).toEqual([
      { type: "function_call_output", call_id: "b", output: "sold tea 1" },
    ]);
  });
});

describe("I3: a suspension carries no authority", () => {
  const edit = (suspension: Suspension, change: (copy: Record<string, never>) => void): Suspension => {
    const copy = structuredClone(suspension) as unknown as Record<string, never>;
    change(copy);
    return copy as unknown as Suspension;
  };

  it("edited arguments are another call, which is asked about anew", async () => {
    const { leash, ran, interceptor, suspension } = await suspended();
    await approveAll(leash);
    const forged = edit(suspension, ({ calls }) => {
      const [, buy] = calls as unknown as { item: object }[];
      if (buy !== undefined) buy.item = chatCall("b", "buy", { item: "gold" });
    });
    const turn = await interceptor.run(forged);
    expect(turn.suspension?.refs).not.toEqual(suspension.refs);
    expect(turn.outputs).toEqual([]);
    expect(ran).toEqual(["look shelf"]);
    expect((await interceptor.run(suspension)).outputs).toEqual(OUTPUTS);
  });

  it("another scope, another call id, another name, or more calls: the yes covers none of them", async () => {
    const { leash, ran, interceptor, suspension } = await suspended();
    await approveAll(leash);
    const buy = { item: chatCall("b2", "buy", { item: "tea" }) };
    const forgeries: Partial<Suspension>[] = [
      { scope: "elsewhere", calls: suspension.calls.slice(1) },
      { calls: [buy] },
      { calls: [buy, buy] },
      { calls: [{ item: chatCall("b", "wipe", { item: "tea" }) }] },
    ];
    for (const forgery of forgeries) await interceptor.run({ ...suspension, ...forgery }).catch(() => undefined);
    expect(ran).toEqual(["look shelf"]);
  });

  it("a yes lapses when the policy changes under it", async () => {
    const state = join(newFolder(), "state");
    const ran: string[] = [];
    const first = await createLeash({ policy: { text: `leash: 1\n${POLICY}` }, state, notify: [] });
    const { suspension } = await noting(first, ran).run(CALLS);
    await approveAll(first);
    await first.close();
    const stricter = POLICY.replace("buy: { decision: approve }", "buy: { decision: deny }");
    const second = await createLeash({ policy: { text: `leash: 1\n${stricter}` }, state, notify: [] });
    const { outputs } = await noting(second, ran).run(suspension ?? []);
    expect(outputs).toMatchObject([{ content: "saw shelf 1" }, { content: /policy/u }, {}]);
    expect(ran).toEqual(["look shelf"]);
    await second.close();
  });

  it.each([
    ["no suspension", {}],
    ["a text", "{}"],
    ["another package's", { v: 1, kind: "other" }],
    ["another version", { v: 2 }],
    ["no scope", { scope: "" }],
    ["a session that is no text", { session: 7 }],
    ["no calls", { calls: undefined }],
    ["calls that are no objects", { calls: [{ item: "x" }] }],
    ["a problem that is no text", { calls: [{ item: {}, problem: 1 }] }],
    ["refs that are no texts", { refs: [1] }],
    ["no refs", { refs: [] }],
  ])("what is not one is refused: %s", (_name, change) => {
    const good: Suspension = {
      v: 1,
      kind: "leashkit.openai.suspension",
      scope: "s",
      session: null,
      calls: [],
      refs: ["K7Q2"],
    };
    expect(readSuspension(good)).toEqual(good);
    const bad: unknown =
      typeof change === "string" || Object.keys(change).length === 0 ? change : { ...good, ...change };
    expect(() => readSuspension(bad)).toThrow(expect.objectContaining({ code: "LEASH_CONFIG_INVALID" }) as Error);
  });

  it("a damaged one runs nothing", async () => {
    const { ran, interceptor, suspension } = await suspended();
    await expect(interceptor.run({ ...suspension, refs: [1] } as never)).rejects.toMatchObject({
      code: "LEASH_CONFIG_INVALID",
    });
    expect(ran).toEqual(["look shelf"]);
  });
});

describe("over a restart", () => {
  it("I2: a second leash on the same state runs the approved call once and gives the recorded result of the other", async () => {
    const state = join(newFolder(), "state");
    const ran: string[] = [];
    const open = (): Promise<Leash> => createLeash({ policy: { text: `leash: 1\n${POLICY}` }, state, notify: [] });
    const first = await open();
    const { suspension } = await noting(first, ran).run(CALLS);
    await first.close();
    const desk = await open();
    await approveAll(desk);
    await desk.close();
    const second = await open();
    const { outputs } = await noting(second, ran).run(JSON.parse(JSON.stringify(suspension)) as Suspension);
    expect(outputs).toEqual(OUTPUTS);
    expect(ran).toEqual(["look shelf", "buy tea"]);
    expect((await logOf(second)).filter(({ type }) => type === "executed")).toHaveLength(2);
    expect(await second.verifyLog()).toMatchObject({ ok: true });
    await second.close();
  });

  it("I2 I5: killed while it waits and again inside the tool: every effect happens once, and the cut-off one is not repeated", async () => {
    const folder = newFolder();
    expect(await life(folder, "propose", "waiting")).toBe("SIGKILL");
    await answer(folder);
    expect(await life(folder, "resume", "inside")).toBe("SIGKILL");
    const outputs = await life(folder, "resume", "never");
    expect(readFileSync(join(folder, "effects.txt"), "utf8")).toBe("look shelf\nbuy tea\n");
    expect(JSON.parse(outputs)).toMatchObject([
      { content: "saw shelf" },
      { content: expect.stringContaining("outcome is unknown") },
    ]);
  }, 120_000);

  it("I2: killed while it waits: the next process runs the approved call once", async () => {
    const folder = newFolder();
    await life(folder, "propose", "waiting");
    await answer(folder);
    const outputs = await life(folder, "resume", "never");
    expect(JSON.parse(outputs)).toMatchObject([{ content: "saw shelf" }, { content: "sold tea" }]);
    expect(readFileSync(join(folder, "effects.txt"), "utf8")).toBe("look shelf\nbuy tea\n");
  }, 120_000);
});

/** Runs one process of the loop: what it printed, or the signal that it died of. */
function life(folder: string, step: string, die: string): Promise<string> {
  const child = spawn(process.execPath, [inject("children")["packages/openai/loop.fixture.ts"], folder, step, die], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code !== 0 && signal === null) reject(new Error(`The loop's process failed with ${String(code)}.`));
      else resolve(signal ?? output);
    });
  });
}

async function answer(folder: string): Promise<void> {
  const leash = await createLeash({
    policy: { text: `leash: 1\n${POLICY}` },
    state: join(folder, "state"),
    notify: [],
  });
  await approveAll(leash);
  await leash.close();
}
