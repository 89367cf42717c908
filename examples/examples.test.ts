import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openDesk, stateFolder } from "@leashkit/core";
import { afterAll, describe, expect, it } from "vitest";

const temporary = mkdtempSync(join(tmpdir(), "leashkit-examples-"));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** Starts an example as a reader would; resolves to what it printed, and to its errors when it fails. */
function start(folder: string, file: string): Promise<string> {
  const example = spawn(process.execPath, ["--conditions=leashkit:source", "--import", "tsx", file], {
    cwd: fileURLToPath(new URL(folder, import.meta.url)),
    env: { ...process.env, XDG_STATE_HOME: temporary },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  let failed = "";
  example.stdout.on("data", (chunk) => (printed += String(chunk)));
  example.stderr.on("data", (chunk) => (failed += String(chunk)));
  return new Promise((resolve, reject) => {
    example.once("close", (code) => (code === 0 ? resolve(printed) : reject(new Error(failed))));
  });
}

/** Says yes, from this process, to the first question that the example asks. */
async function approveFirst(policy: string): Promise<void> {
  process.env["XDG_STATE_HOME"] = temporary;
  const open = await openDesk({ state: stateFolder(policy), approver: { id: "ann", assurance: "login" } });
  for (;;) {
    const [approval] = await open.desk.pending();
    if (approval !== undefined) {
      await open.desk.approve(approval.id);
      return open.close();
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("the examples", () => {
  it("langchain: a refund waits until somebody in another process says yes, and one too large is denied", async () => {
    const policy = fileURLToPath(new URL("langchain/leash.yaml", import.meta.url));
    const [printed] = await Promise.all([start("langchain", "agent.ts"), approveFirst(policy)]);
    expect(printed).toContain("tool: Refunded $80.00 for A-17.");
    expect(printed).toContain("ai: Denied by policy.");
    expect(printed).not.toContain("99999");
  }, 60_000);

  it("desk: one call is approved and runs, the other is denied and does not", async () => {
    const printed = await start("desk", "answer.ts");
    expect(printed).toContain('sent {"to":"ann@example.com"}');
    expect(printed).not.toContain('sent {"to":"everybody');
    expect(printed).toContain("A person denied this call.");
  }, 60_000);

  it("adapter: the template's framework greets, as allowed, and insults nobody", async () => {
    const printed = await start("adapter", "turn.ts");
    expect(printed).toMatch(/^Hello, Ann!\nDenied by policy\..*\n$/);
  }, 60_000);

  it("verify: a stranger accepts the body that was allowed and no other", async () => {
    const printed = await start("verify", "main.ts");
    expect(printed).toBe("holds: order by agent, allowed by tools.order\nanother body: LEASH_TOKEN_INVALID\n");
  }, 60_000);
});
