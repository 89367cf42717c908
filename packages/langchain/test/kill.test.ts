import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLeash } from "@leashkit/core";
import { afterAll, describe, expect, inject, it } from "vitest";
import { approveNext } from "./harness.ts";

const POLICY = "leash: 1\ndefault: deny\ntools: { buy: { decision: approve }, look: { decision: allow } }\n";
const CHILD = inject("children")["packages/langchain/test/kill-child.ts"];
const folders: string[] = [];

// All at once: tests that run at the same time must not clear away each other's folders.
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "leashkit-kill-"));
  folders.push(folder);
  return folder;
}

interface Life {
  readonly signal: NodeJS.Signals | null;
  readonly messages: Record<string, { readonly content: string; readonly artifact?: unknown }> | undefined;
}

/** Runs one process of the agent until it ends or dies. */
function life(...args: readonly string[]): Promise<Life> {
  const child = spawn(process.execPath, [CHILD, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code !== 0 && signal === null) reject(new Error(`The agent's process failed with ${String(code)}.`));
      else resolve({ signal, messages: output === "" ? undefined : (JSON.parse(output) as Life["messages"]) });
    });
  });
}

async function approve(folder: string): Promise<void> {
  const leash = await createLeash({ policy: { text: POLICY }, state: join(folder, "state"), notify: [] });
  await approveNext(leash);
  await leash.close();
}

const effects = (folder: string): string[] => readFileSync(join(folder, "effects.txt"), "utf8").trim().split("\n");

describe.concurrent.each([
  ["v1", "async"],
  ["v2", "async"],
  ["v1", "exit"],
  ["v2", "exit"],
  ["graph", "async"],
])("%s on SQLite with durability %s, its process killed", (version, durability) => {
  it("I2 I5: while it waits and again inside the tool: every effect happens once, and the cut-off one is not repeated", async () => {
    const folder = newFolder();
    expect((await life(folder, version, "propose", "paused", durability)).signal).toBe("SIGKILL");
    expect(effects(folder)).toEqual(["look shelf"]);

    await life(folder, version, "wake", "never", durability);
    expect(effects(folder)).toEqual(["look shelf"]);

    await approve(folder);
    expect((await life(folder, version, "resume", "inside", durability)).signal).toBe("SIGKILL");
    expect(effects(folder)).toEqual(["look shelf", "buy tea"]);

    const { messages } = await life(folder, version, "continue", "never", durability);
    expect(effects(folder)).toEqual(["look shelf", "buy tea"]);
    expect(messages?.["b"]?.content).toMatch(/outcome is unknown/);
    expect(messages?.["b"]?.artifact).toMatchObject({ leash: { code: "LEASH_OUTCOME_UNKNOWN" } });
    expect(messages?.["l"]?.content).toBe("saw shelf");
  }, 240_000);
});

describe.concurrent.each(["v1", "v2", "nested"])("%s on SQLite, its process killed", (version) => {
  it("I2: while it waits: the next process runs the approved call once", async () => {
    const folder = newFolder();
    await life(folder, version, "propose", "paused");
    await approve(folder);
    const { messages } = await life(folder, version, "resume", "never");
    const told =
      version === "nested" ? { o: { content: '{"l":"saw shelf","b":"sold tea"}' } } : { b: { content: "sold tea" } };
    expect(messages).toMatchObject(told);
    expect(effects(folder)).toEqual(["look shelf", "buy tea"]);
  }, 240_000);
});

it.concurrent("a process that nothing else keeps alive lives while it holds, until the question expires", async () => {
  const { messages } = await life(newFolder(), "v2", "hold", "never");
  expect(messages?.["b"]?.artifact).toMatchObject({ leash: { code: "LEASH_EXPIRED" } });
}, 240_000);
