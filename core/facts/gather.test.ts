import { afterEach, describe, expect, it, vi } from "vitest";
import type { Need } from "../model/facts.ts";
import type { Json } from "../model/json.ts";
import type { Policy } from "../model/policy.ts";
import { sampleCall } from "../policy/call.fixture.ts";
import { gatherFacts, type Probe } from "./gather.ts";

const { action, tool } = sampleCall();

function gather(needs: readonly Need[], probe: Probe) {
  const policy = { needs: () => needs } as Partial<Policy> as Policy;
  return gatherFacts(policy, action, tool, { now: 7, counterparty: () => "shop.example", probe });
}

const need = (key: string): Need => ({ kind: "resolve", key });

afterEach(() => vi.useRealTimers());

describe("gathering facts", () => {
  it("awaits nothing where nothing is needed", () => {
    expect(gather([], () => expect.fail("nothing was asked for"))).toEqual({
      now: 7,
      counterparty: "shop.example",
      probes: {},
    });
  });

  it("answers each need under its kind and key, and leaves out what cannot be had", async () => {
    const answers = new Map<string, () => Promise<Json> | Json>([
      ["a", () => ["1.2.3.4"]],
      ["b", () => null],
      ["c", () => Promise.reject(new Error("no"))],
      [
        "d",
        () => {
          throw new Error("no");
        },
      ],
      ["__proto__", () => "kept"],
    ]);
    const { probes } = await gather([...answers.keys()].map(need), ({ key }) => answers.get(key)?.() ?? null);
    expect(probes).toEqual({ "resolve:a": ["1.2.3.4"], "resolve:__proto__": "kept" });
  });

  it("I4: is over after five seconds, and what comes later changes nothing", async () => {
    vi.useFakeTimers();
    let late: (answer: Json) => void = () => undefined;
    const gathering = gather([need("fast"), need("slow")], ({ key }) =>
      key === "fast" ? "here" : new Promise<Json>((resolve) => (late = resolve)),
    );
    await vi.advanceTimersByTimeAsync(5_000);
    const { probes } = await gathering;
    late("too late");
    await vi.advanceTimersByTimeAsync(1);
    expect(probes).toEqual({ "resolve:fast": "here" });
  });

  it("I4: asks for at most 256 things, so that a call cannot make work without end", async () => {
    let asked = 0;
    await gather(
      Array.from({ length: 1_000 }, (_, index) => need(String(index))),
      () => (asked += 1),
    );
    expect(asked).toBe(256);
  });
});
