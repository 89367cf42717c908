import { afterEach, describe, expect, it } from "vitest";
import { createLeash } from "../leash.ts";
import type { LeashOptions } from "../leash-options.ts";
import type { Leash } from "../model/leash.ts";
import { loadPolicy } from "../policy/index.ts";
import { isNarrowedFrom } from "./ancestry.ts";
import { memoryStore } from "../store/memory.ts";

const PARENT = `leash: 1
rules:
  - { id: small, action: buy, when: input.amount < 100, effect: allow }
  - { id: large, action: buy, effect: approve, approval: { quorum: 2, roles: [finance, board] } }
limits: [{ id: calls, action: buy, window: 24h, max: 3 }]`;
const policy = (text: string) => loadPolicy(`leash: 1\n${text}`);

const opened: Leash[] = [];
afterEach(async () => {
  for (const leash of opened.splice(0)) await leash.close();
});

async function parent(options: Partial<LeashOptions> = {}): Promise<Leash> {
  const leash = await createLeash({ policy: { text: PARENT }, notify: [], store: memoryStore(), ...options });
  leash.register({ id: "buy" });
  opened.push(leash);
  return leash;
}

const effectOf = async (leash: Leash, amount: number): Promise<string> =>
  (await leash.decide({ tool: "buy", input: { amount } })).effect;
const buy = (leash: Leash, amount = 1): Promise<unknown> =>
  leash.guard({ tool: "buy", input: { amount } }, () => "bought");

describe("a child with a policy of its own", () => {
  it("may do what both allow, and nothing that either refuses or asks about", async () => {
    const leash = await parent();
    const child = leash.narrow({
      policy: policy("default: allow\nrules: [{ id: tiny, action: buy, when: input.amount >= 10, effect: deny }]"),
    });
    expect([await effectOf(child, 5), await effectOf(child, 50)]).toEqual(["allow", "deny"]);
    const free = leash.narrow({ policy: policy("default: allow") });
    expect(await effectOf(free, 500)).toBe("approve");
    expect(await effectOf(leash, 50)).toBe("allow");
  });

  it("does what both of its policies allow only, also as a grandchild", async () => {
    const leash = await parent();
    const below = (amount: number) =>
      policy(`default: deny\nrules: [{ id: below, action: buy, when: input.amount < ${amount}, effect: allow }]`);
    const grandchild = leash.narrow({ policy: below(50) }).narrow({ policy: below(70) });
    expect([await effectOf(grandchild, 40), await effectOf(grandchild, 60)]).toEqual(["allow", "deny"]);
  });

  it("asks on the terms of both: more people, and only those who fit both lists", async () => {
    const leash = await parent();
    const child = leash.narrow({
      policy: policy(
        "rules: [{ id: asked, action: buy, effect: approve, approval: { roles: [board, legal], four_eyes: true } }]",
      ),
    });
    const { terms } = await child.decide({ tool: "buy", input: { amount: 500 } });
    expect(terms).toMatchObject({ quorum: 2, roles: ["board"], fourEyes: true });
    const nobody = leash.narrow({
      policy: policy("rules: [{ id: asked, action: buy, effect: approve, approval: { roles: [legal] } }]"),
    });
    expect(await nobody.decide({ tool: "buy", input: { amount: 500 } })).toMatchObject({
      effect: "deny",
      reasonCode: "policy_error",
    });
  });

  it("runs the safe form of both", async () => {
    const leash = await parent();
    const child = leash.narrow({
      policy: policy(
        "rules: [{ id: capped, action: buy, effect: compute, compute: { set: { amount: 'min(input.amount, 7)' } } }]",
      ),
    });
    let ran: unknown;
    await child.guard({ tool: "buy", input: { amount: 50 } }, (input) => void (ran = input));
    expect(ran).toEqual({ amount: 7 });
  });

  it("I7: counts its own limits apart, and its parent's together with the parent", async () => {
    const leash = await parent();
    const own = {
      agent: "child",
      policy: policy("default: allow\nlimits: [{ id: calls, action: buy, window: 24h, max: 1 }]"),
    };
    const child = leash.narrow(own);
    expect(await buy(child)).toBe("bought");
    await expect(buy(child)).rejects.toMatchObject({ code: "LEASH_LIMIT_EXCEEDED" });
    expect([await buy(leash), await buy(leash)]).toEqual(["bought", "bought"]);
    await expect(buy(leash)).rejects.toMatchObject({ code: "LEASH_LIMIT_EXCEEDED" });
    await expect(buy(leash.narrow({ agent: "another" }))).rejects.toMatchObject({ code: "LEASH_LIMIT_EXCEEDED" });
  });

  it("I7: counts for itself whatever other child has the same policy, together with its own children, and once", async () => {
    const few = (max: number) => policy(`default: allow\nlimits: [{ id: few, action: buy, window: 24h, max: ${max} }]`);
    const store = memoryStore();
    const open = () => parent({ store, policy: { text: "leash: 1\ndefault: allow" } });
    const [leash, restarted] = [await open(), await open()];
    const used: string[] = [];
    const buys = async (name: string, child: Leash): Promise<void> => {
      if ((await buy(child).catch(() => "refused")) === "bought") used.push(name);
    };
    const [ann, bob] = [leash.narrow({ agent: "ann", policy: few(2) }), leash.narrow({ agent: "bob", policy: few(2) })];
    for (const child of [ann, restarted.narrow({ agent: "ann", policy: few(2) }), ann.narrow({ agent: "helper" })])
      await buys("ann", child);
    for (const child of [bob, bob.narrow({ agent: "helper", policy: few(1) }), bob]) await buys("bob", child);
    await buys("below another", leash.narrow({ agent: "carl" }).narrow({ agent: "ann", policy: few(2) }));
    const twice = leash.narrow({ agent: "dora", policy: few(2) }).narrow({ policy: few(2) });
    for (let times = 0; times < 3; times += 1) await buys("dora", twice);
    expect(used).toEqual(["ann", "ann", "bob", "bob", "below another", "dora", "dora"]);
  });

  it("I4: refuses where its policy throws, or needs a handler that is not there", async () => {
    const leash = await parent();
    const broken = { ...policy("default: allow"), evaluate: () => expect.fail("broken") };
    expect(await effectOf(leash.narrow({ policy: broken }), 1)).toBe("deny");
    const obliged = policy(
      "rules: [{ id: own, action: buy, effect: allow, obligations: [{ type: stamp, at: before }] }]",
    );
    expect(() => leash.narrow({ policy: obliged })).toThrow("stamp");
    const unread = Promise.resolve(policy("default: allow")) as never;
    expect(() => leash.narrow({ policy: unread })).toThrow("await loadPolicy");
  });
});

describe("a child that reaches nobody", () => {
  it("I4: is refused at once what must be asked, and does what need not be", async () => {
    const leash = await parent();
    const child = leash.narrow({ agent: "child", asks: false });
    await expect(buy(child, 500)).rejects.toMatchObject({ code: "LEASH_DENIED", reasonCode: "narrowed" });
    expect(await leash.desk({ id: "ann" }).pending()).toEqual([]);
    expect(await buy(child)).toBe("bought");
    await expect(buy(child.narrow({ asks: true }), 500)).rejects.toMatchObject({ reasonCode: "narrowed" });
  });
});

describe("what a child asks", () => {
  it("is asked at the root's desk, with the way from the first agent to the child", async () => {
    const leash = await parent({ principal: { agent: "root" } });
    const child = leash.narrow({ agent: "planner" }).narrow({ agent: "buyer" });
    const waiting = child.guard({ tool: "buy", input: { amount: 500 } }, () => "bought", { pause: "defer" });
    await expect(waiting).rejects.toMatchObject({ code: "LEASH_PENDING" });
    const [approval] = await leash.desk({ id: "ann" }).pending();
    expect(approval?.principal).toMatchObject({ agent: "buyer", chain: ["root", "planner"] });
  });
});

describe("what was narrowed from what", () => {
  it("is known over any number of steps, and of nothing else", async () => {
    const leash = await parent();
    const [child, other] = [leash.narrow({ agent: "child" }), await parent()];
    const grandchild = child.narrow({ tools: ["buy"] });
    expect([isNarrowedFrom(child, leash), isNarrowedFrom(grandchild, leash)]).toEqual([true, true]);
    const not = [isNarrowedFrom(leash, child), isNarrowedFrom(leash, leash), isNarrowedFrom(child, other)];
    expect([...not, isNarrowedFrom(leash.as({ agent: "as" }), leash)]).toEqual([false, false, false, false]);
  });
});
