import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openDesk, stateFolder } from "@leashkit/core";
import { afterAll, describe, expect, inject, it } from "vitest";

const temporary = mkdtempSync(join(tmpdir(), "leashkit-examples-"));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** Where the examples of one test keep their state: tests that run at the same time ask about one policy. */
const newHome = (): string => mkdtempSync(join(temporary, "home-"));

/** Compiled once for all tests: a reader's own way takes several times as long for what uses a framework. */
const compiled: Readonly<Record<string, string>> = inject("children");

/** Starts an example, as a reader would where it is not compiled; resolves to what it printed, and to its errors when it fails. */
function start(home: string, folder: string, file: string, ...given: readonly string[]): Promise<string> {
  const program = compiled[`examples/${folder}/${file}`];
  const started = program === undefined ? ["--conditions=leashkit:source", "--import", "tsx", file] : [program];
  const example = spawn(process.execPath, [...started, ...given], {
    cwd: fileURLToPath(new URL(folder, import.meta.url)),
    env: { ...process.env, XDG_STATE_HOME: home },
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
async function approveFirst(home: string, policy: string): Promise<void> {
  // Read at once, before another test's turn.
  process.env["XDG_STATE_HOME"] = home;
  const state = stateFolder(policy);
  const open = await openDesk({ state, approver: { id: "ann", assurance: "login" } });
  for (;;) {
    const [approval] = await open.desk.pending();
    if (approval !== undefined) {
      await open.desk.approve(approval.id);
      return open.close();
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// Many processes at a time, each ten times slower than it need be, end within this.
describe.concurrent("the examples", { timeout: 180_000 }, () => {
  it("langchain: a refund waits until somebody in another process says yes, and one too large is denied", async () => {
    const home = newHome();
    const policy = fileURLToPath(new URL("langchain/leash.yaml", import.meta.url));
    const [printed] = await Promise.all([start(home, "langchain", "agent.ts"), approveFirst(home, policy)]);
    expect(printed).toContain("tool: Refunded $80.00 for A-17.");
    expect(printed).toContain("ai: Denied by policy.");
    expect(printed).not.toContain("99999");
  });

  it("langchain, a deep agent: a sub-agent's refund waits until somebody says yes, and its file is denied", async () => {
    const printed = await start(newHome(), "langchain", "deep-agent.ts");
    expect(printed).toMatch(/^asked by agent > cashier\nRefunded \$80\.00 for A-17\.\nDenied by policy\..*\n$/u);
  });

  it("openai: a held refund waits until somebody in another process says yes, and one too large is denied", async () => {
    const home = newHome();
    const policy = fileURLToPath(new URL("openai/leash.yaml", import.meta.url));
    const [printed] = await Promise.all([start(home, "openai", "loop.ts"), approveFirst(home, policy)]);
    expect(printed).toContain("tool: Refunded $80.00 for A-17.");
    expect(printed).toContain("assistant: Denied by policy.");
    expect(printed).not.toContain("99999");
  });

  it("openai: a suspended refund is approved while no process of the loop lives, and the next one ends the conversation", async () => {
    const home = newHome();
    const policy = fileURLToPath(new URL("openai/leash.yaml", import.meta.url));
    const notes = join(home, "notes.json");
    expect(await start(home, "openai", "suspend.ts", notes)).toMatch(/^waiting: [0-9A-Z]+\n$/);
    expect(await start(home, "openai", "suspend.ts", notes)).toMatch(/^waiting: /);
    await approveFirst(home, policy);
    expect(readFileSync(notes, "utf8")).not.toContain("Refunded");
    const printed = await start(home, "openai", "suspend.ts", notes);
    expect(printed).toContain("tool: Refunded $80.00 for A-17.");
    expect(printed).toContain("assistant: Denied by policy.");
    expect(existsSync(notes)).toBe(false);
  });

  it.each(["agent.ts", "decorator.ts"])(
    "llamaindex, %s: a refund waits until somebody in another process says yes, and one too large is denied",
    async (file) => {
      const home = newHome();
      const policy = fileURLToPath(new URL("llamaindex/leash.yaml", import.meta.url));
      const [printed] = await Promise.all([start(home, "llamaindex", file), approveFirst(home, policy)]);
      expect(printed).toContain(
        "Order A-17: one lamp, $80.00, arrived broken.\nRefunded $80.00 for A-17.\nDenied by policy.",
      );
      expect(printed).not.toContain("99999");
    },
  );

  it("llamaindex: a suspended run is approved while no process of it lives, and the next one ends it", async () => {
    const home = newHome();
    const policy = fileURLToPath(new URL("llamaindex/leash.yaml", import.meta.url));
    const kept = join(home, "waiting.json");
    const waiting = await start(home, "llamaindex", "suspend.ts", kept);
    expect(waiting).toMatch(/^waiting: [0-9A-Z]+\n$/);
    expect(await start(home, "llamaindex", "suspend.ts", kept)).toBe(waiting);
    await approveFirst(home, policy);
    expect(readFileSync(kept, "utf8")).not.toContain("Refunded");
    const printed = await start(home, "llamaindex", "suspend.ts", kept);
    expect(printed.match(/Refunded \$80\.00 for A-17\./g)).toHaveLength(1);
    expect(printed).toContain("Denied by policy.");
    expect(existsSync(kept)).toBe(false);
  });

  it("exchange: buyer and shop, two processes, prove to one another what each had leave to do", async () => {
    const printed = await start(newHome(), "exchange", "buyer.ts");
    expect(printed.split("\n")).toEqual([
      'sold: {"amount_minor":1999,"currency":"USD","item":"lamp"}, allowed by small-sales of the shop',
      "the same request again: LEASH_TOKEN_USED",
      "another body under the proof: LEASH_TOKEN_INVALID",
      "a sale beyond what the shop's policy allows: LEASH_DENIED",
      "an answer that was changed on the way: LEASH_TOKEN_INVALID",
      "",
    ]);
  });

  it("llamaindex: a handOff is decided like any call; denied, the agent stays and goes on", async () => {
    const printed = await start(newHome(), "llamaindex", "team.ts");
    expect(printed).toMatch(/Denied by policy[^]*Agent cashier is now handling[^]*Refunded \$80\.00 for A-17\./);
  });

  it("llamaindex: a deferred refund is collected once somebody said yes", async () => {
    const printed = await start(newHome(), "llamaindex", "defer.ts");
    expect(printed).toMatch(
      /^Waiting for a person, ref [0-9A-Z]+\.[^\n]*\nOrder B-20[^\n]*\nRefunded \$80\.00 for A-17\.\n$/,
    );
  });

  it("llamaindex: a tool whose schema transforms its arguments gets what was decided", async () => {
    expect(await start(newHome(), "llamaindex", "leashed-tool.ts")).toBe("Refunded 1250 cents for A-17.\n");
  });

  it("desk: one call is approved and runs, the other is denied and does not", async () => {
    const printed = await start(newHome(), "desk", "answer.ts");
    expect(printed).toContain('sent {"to":"ann@example.com"}');
    expect(printed).not.toContain('sent {"to":"everybody');
    expect(printed).toContain("A person denied this call.");
  });

  it("adapter: the template's framework greets, as allowed, and insults nobody", async () => {
    const printed = await start(newHome(), "adapter", "turn.ts");
    expect(printed).toMatch(/^Hello, Ann!\nDenied by policy\..*\n$/);
  });

  it("verify: a shop takes each proof once, and learns of new and revoked keys", async () => {
    const printed = await start(newHome(), "verify", "once.ts");
    expect(printed.trim().split("\n")).toEqual([
      "a proof: taken",
      "the same again: LEASH_TOKEN_USED",
      "signed before the rotation: taken",
      "signed with the new key: taken",
      "signed with the revoked key: LEASH_TOKEN_REVOKED",
    ]);
  });

  it("verify: a stranger accepts the body that was allowed and no other", async () => {
    const printed = await start(newHome(), "verify", "main.ts");
    expect(printed).toBe("holds: order by agent, allowed by tools.order\nanother body: LEASH_TOKEN_INVALID\n");
  });
});
