import { afterEach, describe, expect, it, vi } from "vitest";
import { createLeash } from "../leash.ts";
import type { LeashOptions } from "../leash-options.ts";
import type { Leash } from "../model/leash.ts";
import { memoryStore } from "../store/memory.ts";
import type { Store } from "../store/store.ts";
import { fakeClock } from "../testing/clock.ts";
import { scriptedPolicy } from "../testing/scripted-policy.ts";
import { refusalText } from "./refusals.ts";

const POLICY = `leash: 1
tools: { buy: { money: { amount: input.amount, currency: input.currency, currencies: [USD, EUR] } } }
rules: [{ id: own, action: buy, effect: allow }]
limits: [{ id: daily, action: buy, sum: money.amount, per: [agent, money.currency], window: 24h, max: 100 }]`;
const BOTH = POLICY.replace("max: 100 }]", "max: 100 }, { id: calls, action: buy, window: 24h, max: 9 }]");
const SOFT = POLICY.replace("max: 100", "max: 100, over: approve");
const ASKED = POLICY.replace("effect: allow", "effect: approve");
const DAY = 86_400_000;

const opened: Leash[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const leash of opened.splice(0)) await leash.close();
});

async function buyer(policy: string, options: Partial<Omit<LeashOptions, "policy">> = {}): Promise<Leash> {
  const leash = await createLeash({ policy: { text: policy }, notify: [], store: memoryStore(), ...options });
  leash.register({ id: "buy" });
  opened.push(leash);
  return leash;
}

const bought = (): string => "bought";

function buy(leash: Leash, amount: number, run: () => unknown = bought, call: object = {}): Promise<unknown> {
  return leash.guard({ tool: "buy", input: { amount, currency: "USD" }, ...call }, async () => run());
}

async function logOf(leash: Leash): Promise<Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = [];
  for await (const line of leash.exportLog()) lines.push(JSON.parse(line) as Record<string, unknown>);
  return lines;
}

const codeOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    (result) => result,
    (error: unknown) => (error as { readonly code?: string }).code ?? error,
  );

describe("a hard limit", () => {
  it("A-A7: 100 parallel calls of 10 under a cap of 100 run ten times", async () => {
    const leash = await buyer(POLICY);
    let ran = 0;
    const all = await Promise.all(
      Array.from({ length: 100 }, () => codeOf(buy(leash, 10, () => ((ran += 1), "bought")))),
    );
    expect(ran).toBe(10);
    expect(all.filter((end) => end === "bought")).toHaveLength(10);
    expect(all.filter((end) => end === "LEASH_LIMIT_EXCEEDED")).toHaveLength(90);
  });

  it("I7: holds over several leashes on one store", async () => {
    const store = memoryStore();
    const leashes = await Promise.all(Array.from({ length: 4 }, () => buyer(POLICY, { store })));
    const ends = await Promise.all(leashes.flatMap((leash) => Array.from({ length: 10 }, () => codeOf(buy(leash, 7)))));
    expect(ends.filter((end) => end === "bought")).toHaveLength(14);
  });

  it("counts apart what `per` keeps apart: agents, currencies, tenants", async () => {
    const store = memoryStore();
    const leash = await buyer(POLICY, { store });
    expect(await buy(leash, 100)).toBe("bought");
    expect(await codeOf(buy(leash, 1))).toBe("LEASH_LIMIT_EXCEEDED");
    expect(await buy(leash.as({ agent: "other" }), 100)).toBe("bought");
    expect(await buy(leash, 100, bought, { input: { amount: 100, currency: "EUR" } })).toBe("bought");
    expect(await buy(leash.as({ tenant: "elsewhere" }), 100)).toBe("bought");
  });

  it("lets calls through again when what was counted is out of the window, and not before", async () => {
    const clock = fakeClock();
    const leash = await buyer(POLICY, { clock, store: memoryStore({ clock }) });
    await buy(leash, 100);
    clock.advance(DAY - 1);
    expect(await codeOf(buy(leash, 1))).toBe("LEASH_LIMIT_EXCEEDED");
    clock.advance(DAY / 64 + 2);
    expect(await buy(leash, 100)).toBe("bought");
  });

  it("A-S9: a clock that is set back gives nothing back", async () => {
    const clock = fakeClock();
    const leash = await buyer(POLICY, { clock, store: memoryStore({ clock }) });
    await buy(leash, 100);
    clock.set(clock.now() - 2 * DAY);
    expect(await codeOf(buy(leash, 1))).toBe("LEASH_LIMIT_EXCEEDED");
  });
});

describe("what a call holds of a limit", () => {
  it("is kept by a tool that throws: the effect may have happened", async () => {
    const leash = await buyer(POLICY);
    await expect(
      buy(leash, 60, () => {
        throw new Error("connection lost");
      }),
    ).rejects.toThrow("connection lost");
    expect(await codeOf(buy(leash, 60))).toBe("LEASH_LIMIT_EXCEEDED");
  });

  it("is given back by a tool that says nothing happened", async () => {
    const leash = await buyer(POLICY);
    const refused = Object.assign(new Error("no stock"), { leashNoEffect: true });
    await expect(
      buy(leash, 100, () => {
        throw refused;
      }),
    ).rejects.toThrow("no stock");
    expect(await buy(leash, 100)).toBe("bought");
  });

  it("I7: is told by the log when it is given back, in the commit that says so, and without what the counter's name is made of", async () => {
    const leash = await buyer(BOTH);
    const none = Object.assign(new Error("none"), { leashNoEffect: true });
    await codeOf(buy(leash, 60, () => Promise.reject(none)));
    const [failed, ...told] = (await logOf(leash)).slice(-3);
    expect(failed).toMatchObject({ type: "failed", detail: "effect none" });
    const { action_id: call, digest, ts } = failed ?? {};
    const shared = { type: "limit.settled", actor_type: "agent", actor_id: "agent", action_type: "buy" };
    expect(told).toMatchObject([
      { ...shared, rule: "limits.daily", detail: "60 given back", action_id: call, digest, ts },
      { ...shared, rule: "limits.calls", detail: "1 given back", action_id: call, digest, ts },
    ]);
    expect(JSON.stringify(told)).not.toContain("USD");
  });

  it("I7: is not told of where nothing is given back: kept, not reserved, or not counted any more", async () => {
    const clock = fakeClock();
    const leash = await buyer(BOTH, { clock, store: memoryStore({ clock }) });
    const none = Object.assign(new Error("none"), { leashNoEffect: true });
    await codeOf(buy(leash, 1, () => Promise.reject(new Error("connection lost"))));
    await buy(leash, 1);
    const late = (): Promise<never> => {
      clock.advance(3 * DAY);
      return Promise.reject(none);
    };
    // Its process renewed nothing meanwhile, but nobody else took the call.
    await codeOf(buy(leash, 1, late));
    expect((await logOf(leash)).map(({ type }) => type)).not.toContain("limit.settled");
  });

  it("is given back by 100 calls at once, to the last cent", async () => {
    const leash = await buyer(POLICY);
    const none = Object.assign(new Error("none"), { leashNoEffect: true });
    await Promise.all(
      Array.from({ length: 100 }, () =>
        codeOf(
          buy(leash, 1, () => {
            throw none;
          }),
        ),
      ),
    );
    expect(await buy(leash, 100)).toBe("bought");
  });

  it("is given back where the run was aborted before it started", async () => {
    const leash = await buyer(POLICY);
    const controller = new AbortController();
    const { signal } = controller;
    const authorization = await leash.authorize({ tool: "buy", input: { amount: 100, currency: "USD" } }, { signal });
    controller.abort();
    await expect(authorization.run(bought)).rejects.toMatchObject({ code: "LEASH_ABORTED" });
    expect(await buy(leash, 100)).toBe("bought");
  });

  it("is kept where an abort came after the start: nobody knows what happened", async () => {
    const leash = await buyer(POLICY);
    const controller = new AbortController();
    const input = { amount: 100, currency: "USD" };
    const run = leash.guard(
      { tool: "buy", input },
      async () => {
        controller.abort();
        throw new Error("cut off");
      },
      { signal: controller.signal },
    );
    await expect(run).rejects.toThrow("cut off");
    expect(await codeOf(buy(leash, 1))).toBe("LEASH_LIMIT_EXCEEDED");
  });

  it("counts once for a call that pauses inside and goes on", async () => {
    const leash = await buyer(POLICY);
    const paused = new Error("interrupt");
    const call = { tool: "buy", input: { amount: 100, currency: "USD" }, callId: "1", scope: "thread" };
    const suspends = (thrown: unknown): boolean => thrown === paused;
    await expect(
      leash.guard(
        call,
        async () => {
          throw paused;
        },
        { suspends },
      ),
    ).rejects.toBe(paused);
    expect(await leash.guard(call, bought, { suspends })).toBe("bought");
    expect(await codeOf(buy(leash, 1))).toBe("LEASH_LIMIT_EXCEEDED");
  });

  it("counts no recorded result again", async () => {
    const leash = await buyer(POLICY);
    const again = { callId: "1", scope: "thread" };
    expect(await buy(leash, 100, bought, again)).toBe("bought");
    expect(await buy(leash, 100, () => expect.fail("it ran twice"), again)).toBe("bought");
  });
});

describe("an approved call and a limit", () => {
  async function approveAll(leash: Leash): Promise<void> {
    for (const { id } of await leash.desk({ id: "ann" }).pending()) await leash.desk({ id: "ann" }).approve(id);
  }

  it("I7: a person's yes does not lift a hard limit that others used up meanwhile", async () => {
    const leash = await buyer(ASKED);
    const waiting = [buy(leash, 60), buy(leash, 60)].map(codeOf);
    while ((await leash.desk({ id: "ann" }).pending()).length < 2)
      await new Promise((resolve) => setTimeout(resolve, 2));
    await approveAll(leash);
    const ends = await Promise.all(waiting);
    expect(new Set(ends)).toEqual(new Set(["LEASH_LIMIT_EXCEEDED", "bought"]));
  });

  it("beyond a soft limit runs on a yes to the overrun, which then counts", async () => {
    const leash = await buyer(SOFT);
    await buy(leash, 80);
    const over = buy(leash, 60);
    let open = await leash.desk({ id: "ann" }).pending();
    while (open.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      open = await leash.desk({ id: "ann" }).pending();
    }
    expect(open[0]?.reason).toContain("140 of 100");
    await approveAll(leash);
    expect(await over).toBe("bought");
    expect((await leash.decide({ tool: "buy", input: { amount: 1, currency: "USD" } })).reason).toContain("141 of 100");
  });
});

describe("a yes to going beyond a soft limit", () => {
  it("I7: covers no more than the overrun that was shown: what others spent meanwhile is asked about anew", async () => {
    const leash = await buyer(SOFT);
    await buy(leash, 80);
    const call = { callId: "1", scope: "thread" };
    const pending = leash.guard({ tool: "buy", input: { amount: 40, currency: "USD" }, ...call }, bought, {
      pause: "defer",
    });
    await expect(pending).rejects.toMatchObject({ code: "LEASH_PENDING" });
    const desk = leash.desk({ id: "ann" });
    const [first] = await desk.pending();
    expect(first?.over).toEqual([{ limit: "daily", total: 120, max: 100 }]);
    await buy(leash, 10);
    await desk.approve(first?.id ?? "");
    expect(await codeOf(buy(leash, 40, bought, call))).toBe("LEASH_POLICY_CHANGED");
    const again = buy(leash, 40, bought, call);
    let [second] = await desk.pending();
    while (second === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      [second] = await desk.pending();
    }
    expect(second.over).toEqual([{ limit: "daily", total: 130, max: 100 }]);
    await desk.approve(second.id);
    expect(await again).toBe("bought");
  });
});

describe("a limit whose counter cannot be read", () => {
  const unreadable = {
    "the store fails": () => Promise.reject(new Error("disk gone")),
    "no answer comes within five seconds": () => new Promise<never>(() => undefined),
  };

  it.each(Object.entries(unreadable))("I4 I14: refuses the call where %s, and says that", async (_why, get) => {
    const store = memoryStore();
    const broken: Store = { ...store, get: (kind, id) => (kind === "counter" ? get() : store.get(kind, id)) };
    const leash = await buyer(POLICY, { store: broken });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const ended = buy(leash, 1).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(5_000);
    const refused = await ended;
    expect(refused).toMatchObject({ code: "LEASH_STORE_UNAVAILABLE", reasonCode: "limit_unknown" });
    expect(refused).toMatchObject({ reason: expect.stringContaining('the limit "daily" could not be read') });
    expect((refused as Error).message).toMatch(/^What counts for a limit could not be read, so nothing was run\./u);
    expect((refused as Error).message).not.toContain("daily");
    expect(refusalText(refused)).toContain("retry later at most once");
  });
});

describe("observe mode", () => {
  it("I12: counts apart: what was observed fills nothing that is enforced", async () => {
    const store = memoryStore();
    const observing = await buyer(POLICY, { store, mode: "observe" });
    for (let call = 0; call < 3; call += 1) expect(await buy(observing, 60)).toBe("bought");
    const said = await observing.decide({ tool: "buy", input: { amount: 60, currency: "USD" } });
    expect(said).toMatchObject({ effect: "deny", reasonCode: "limit" });
    const enforcing = await buyer(POLICY, { store });
    expect(await buy(enforcing, 100)).toBe("bought");
  });
});

describe("a policy of another engine", () => {
  it("I4: does not start where it states limits and cannot say what a call counts", async () => {
    const requires = { obligations: [], counters: true, channels: [], terms: [] };
    const policy = { ...scriptedPolicy(() => "allow"), requires };
    await expect(createLeash({ policy, notify: [], store: memoryStore() })).rejects.toThrow("count nothing");
  });
});
