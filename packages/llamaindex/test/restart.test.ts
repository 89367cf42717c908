import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLeash } from "@leashkit/core";
import { afterAll, describe, expect, inject, it } from "vitest";
import { approveNext } from "../leash.fixture.ts";
import { ASK_TO_BUY } from "./harness.ts";

const LIFE = inject("children")["packages/llamaindex/test/life.ts"];
const folders: string[] = [];

// All at once: tests that run at the same time must not clear away each other's folders.
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "leashkit-restart-"));
  folders.push(folder);
  return folder;
}

interface Life {
  readonly signal: string | null;
  /** What the model was shown. */
  readonly shown: readonly string[];
}

/** Runs one process of the agent until it ends or dies. */
function life(...args: readonly string[]): Promise<Life> {
  const child = spawn(process.execPath, [LIFE, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code !== 0 && signal === null) reject(new Error(`The agent's process failed with ${String(code)}.`));
      else resolve({ signal, shown: output === "" ? [] : (JSON.parse(output) as readonly string[]) });
    });
  });
}

/** A person at another process over the same state. */
async function approve(folder: string): Promise<void> {
  const leash = await createLeash({
    policy: { text: `leash: 1\n${ASK_TO_BUY}` },
    state: join(folder, "state"),
    notify: [],
  });
  await approveNext(leash);
  await leash.close();
}

const effects = (folder: string): string[] => readFileSync(join(folder, "effects.txt"), "utf8").trim().split("\n");

const ALL = ["look shelf", "buy tea", "pack bag", "look shelf"];
const TOLD = ALL.map((deed) => `${deed}: done`);

describe.concurrent("a suspended run in a new process", () => {
  it("I2: after an ordinary end: every call runs once, the model is shown all results in order", async () => {
    const folder = newFolder();
    await life(folder, "start");
    expect(effects(folder)).toEqual(["look shelf"]);
    await life(folder, "resume");
    expect(effects(folder)).toEqual(["look shelf"]);
    await approve(folder);
    expect((await life(folder, "resume")).shown).toEqual(TOLD);
    expect(effects(folder)).toEqual(ALL);
    expect((await life(folder, "resume")).shown).toEqual(TOLD);
    expect(effects(folder)).toEqual(ALL);
  }, 120_000);

  it("I2 I5: killed while it waits, and again inside the tool: what was cut off is unknown, and is not repeated", async () => {
    const folder = newFolder();
    expect((await life(folder, "start", "kept")).signal).toBe("SIGKILL");
    await approve(folder);
    expect((await life(folder, "resume", "inside")).signal).toBe("SIGKILL");
    expect(effects(folder)).toEqual(["look shelf", "buy tea"]);
    const { shown } = await life(folder, "resume");
    expect(shown).toEqual([TOLD[0], expect.stringMatching(/outcome is unknown/u), TOLD[2], TOLD[3]]);
    expect(effects(folder)).toEqual(ALL);
  }, 120_000);

  it("I2: killed before the suspension was kept: started again under its scope, it finds its call and its question", async () => {
    const folder = newFolder();
    expect((await life(folder, "start", "asked")).signal).toBe("SIGKILL");
    await approve(folder);
    expect((await life(folder, "start")).shown).toEqual(TOLD);
    expect(effects(folder)).toEqual(ALL);
  }, 120_000);
});
