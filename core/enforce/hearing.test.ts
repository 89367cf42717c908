import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createLeash } from "../leash.ts";
import type { Policy } from "../model/policy.ts";
import type { DecisionRecording } from "../model/recording.ts";
import { memoryStore } from "../store/memory.ts";
import { scriptedPolicy } from "../testing/scripted-policy.ts";

const folder = mkdtempSync(join(tmpdir(), "leash-hearing-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const link = join(folder, "link");

/** Asks where a path leads in every round, and lets it lead elsewhere before the next one. */
function askingAgain(seen: unknown[]): Policy {
  const policy = scriptedPolicy(({ tool }, _tool, { now, probes }) => {
    seen.push([now, probes[`realpath:${link}`]]);
    const rounds = seen.length;
    rmSync(link, { force: true });
    symlinkSync(`/elsewhere-${rounds}`, link);
    return { transform: { tool, input: { rounds: Math.min(rounds, 2) } } };
  });
  return { ...policy, needs: () => [{ kind: "realpath", key: link }] };
}

describe("a decision of several rounds", () => {
  it("is of one moment, and has one answer to each question, which is recorded once", async () => {
    const seen: unknown[] = [];
    const store = memoryStore();
    let time = 1_700_000_000_000;
    const ticking = { ...store, now: () => (time += 1) };
    const leash = await createLeash({ policy: askingAgain(seen), store: ticking, notify: [] });
    leash.register({ id: "buy" });
    await leash.attempt({ tool: "buy", input: {} }, () => "ran");
    await leash.close();
    expect(seen).toHaveLength(3);
    expect(new Set(seen.map((each) => JSON.stringify(each))).size).toBe(1);
    const [row] = (await store.list("recording")).filter(({ id }) => !id.endsWith(".outcome"));
    // The row of the one call.
    const facts = (row?.body as unknown as DecisionRecording | undefined)?.facts;
    expect([facts?.counterparties?.length, Object.keys(facts?.probes ?? {})]).toEqual([3, [`realpath:${link}`]]);
  });
});
