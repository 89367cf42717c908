import { describe, expect, it } from "vitest";
import { terminal, type Approval, type ApprovalTerms, type Leash } from "@leashkit/core";
import { fakeTerminal } from "@leashkit/core/testing";
import { ann, bob } from "../support/edits.ts";
import { durable, logOf, testLeash } from "../support/leash.ts";
import { pendingOf } from "../support/questions.ts";
import { codeOf } from "../support/thrown.ts";

const asking =
  (terms: Partial<ApprovalTerms> = {}) =>
  ({ input }: { readonly input: unknown }) =>
    ({ effect: Reflect.get(Object(input), "risky") === true ? "step_up" : "approve", terms }) as const;

/** Long enough for anything that was going to be told. */
const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 700));

describe("equal questions", () => {
  it("A-H10: a hundred equal requests are one card, one alert and a hundred signed answers", async () => {
    const told: string[] = [];
    const { leash, shop } = await testLeash(asking(), { notify: ({ id }: Approval) => void told.push(id) });
    const input = { amount: 60 };
    // Not deferred: an equal deferred call would be the same one.
    const calls = Array.from({ length: 100 }, (_, index) => leash.guard(durable(`call-${index}`, input), shop.buy));
    await expect.poll(async () => (await leash.desk(ann).pending()).length, { timeout: 20_000 }).toBe(100);
    await rest();
    expect(told).toHaveLength(1);
    const [group, ...others] = await leash.desk(ann).groups();
    expect(others).toEqual([]);
    expect(group?.ids).toHaveLength(100);
    expect(group?.ids).toContain(told[0]);
    const approved = await leash.desk(ann).approve(group?.ids ?? []);
    expect(new Set(approved.map(({ verdicts }) => verdicts[0]?.token)).size).toBe(100);
    await Promise.all(calls);
    expect(shop.orders).toHaveLength(100);
    await rest();
    expect(told).toHaveLength(1);
    const settled = (await logOf(leash)).filter(({ type }) => type === "approval.settled");
    expect(new Set(settled.map(({ approval_id: id }) => id)).size).toBe(100);
  });

  it("A-H10: are told one after the other to whoever answers one by one", async () => {
    const told: string[] = [];
    const { leash, shop } = await testLeash(asking(), {
      notify: async ({ id }: Approval) => {
        told.push(id);
        await leash.desk(ann).approve(id);
      },
    });
    const calls = [1, 2, 3, 4].map((index) => leash.guard(durable(`call-${index}`, { amount: 1 }), shop.buy));
    await Promise.all(calls);
    expect(new Set(told).size).toBe(4);
    expect(shop.orders).toHaveLength(4);
  });

  it("A-H10: are told of the next one when the one that was told ends elsewhere, unanswered or withdrawn", async () => {
    const told: string[] = [];
    const { leash, shop } = await testLeash(asking(), { notify: ({ id }: Approval) => void told.push(id) });
    const abort = new AbortController();
    const first = codeOf(leash.guard(durable("call-1", {}), shop.buy, { signal: abort.signal }));
    await expect.poll(() => told.length).toBe(1);
    const second = leash.guard(durable("call-2", {}), shop.buy);
    await expect.poll(async () => (await leash.desk(ann).pending()).length).toBe(2);
    abort.abort();
    expect(await first).toBe("LEASH_ABORTED");
    await expect.poll(() => told.length, { timeout: 5_000 }).toBe(2);
    await leash.desk(ann).approve(told[1] ?? "");
    expect(await second).toEqual({ order: 1 });
  });

  it.each([
    ["the input", { amount: 61 }, {}],
    ["for whom it is", { amount: 60 }, { subject: "kate" }],
    ["the agent's parents", { amount: 60 }, { chain: ["root"] }],
  ])("A-H10: that differ in %s are two cards", async (_what, input, principal) => {
    const { leash } = await testLeash(asking());
    await pendingOf(leash, durable("call-1", { amount: 60 }));
    await pendingOf(leash.as(principal), durable("call-2", input));
    expect(await leash.desk(ann).groups()).toHaveLength(2);
  });

  it("A-H10: of which one has a vote already are two cards", async () => {
    const { leash } = await testLeash(asking({ quorum: 2 }));
    const first = await pendingOf(leash, durable("call-1", {}));
    await leash.desk(ann).approve(first.approvalId);
    await leash.guard(durable("call-2", {}), () => "", { pause: "suspend" }).catch(() => undefined);
    const groups = await leash.desk(ann).groups();
    const sizes = groups.map(({ first: { verdicts }, ids }) => [verdicts.length, ids.length] as const);
    expect(sizes.toSorted((one, other) => one[0] - other[0])).toEqual([
      [0, 1],
      [1, 1],
    ]);
  });
});

describe("a list of answers", () => {
  const asked = async (leash: Leash, inputs: readonly object[]): Promise<readonly string[]> => {
    const ids: string[] = [];
    for (const [index, input] of inputs.entries())
      ids.push((await pendingOf(leash, durable(`call-${index}`, input))).approvalId);
    return ids;
  };

  it.each(["approve", "deny"] as const)("A-H10: that holds a step-up is refused whole: %s", async (verb) => {
    const { leash } = await testLeash(asking());
    const ids = await asked(leash, [{ n: 1 }, { n: 2, risky: true }, { n: 3 }]);
    const desk = leash.desk({ id: "ann", method: "webauthn", assurance: "step_up" });
    expect(await codeOf(desk[verb](ids))).toBe("LEASH_DENIED");
    expect((await desk.pending()).map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    expect((await logOf(leash)).at(-1)).toMatchObject({ type: "approval.refused", detail: "step-up in a list" });
    expect(await desk[verb](ids[1] ?? "")).toMatchObject({ verdicts: [{ assurance: "step_up" }] });
  });

  it("settles nothing where one of them is settled already, or unknown", async () => {
    const { leash } = await testLeash(asking());
    const ids = await asked(leash, [{ n: 1 }, { n: 2 }]);
    await leash.desk(bob).deny(ids[1] ?? "");
    expect(await codeOf(leash.desk(ann).approve(ids))).toBe("LEASH_DENIED");
    expect(await codeOf(leash.desk(ann).approve([ids[0] ?? "", "nobody"]))).toBe("LEASH_CONFIG_INVALID");
    expect((await leash.desk(ann).get(ids[0] ?? "")).status).toBe("pending");
  });

  it("answers one that it names twice once, and an empty one with nothing", async () => {
    const { leash } = await testLeash(asking());
    const [id = ""] = await asked(leash, [{ n: 1 }]);
    const { ref } = await leash.desk(ann).get(id);
    expect(await leash.desk(ann).approve([id, ref, id])).toMatchObject([{ id, verdicts: [{ approver: "ann" }] }]);
    expect(await leash.desk(ann).approve([])).toEqual([]);
  });

  it("of many noes with one counterparty is remembered once, in the same commit", async () => {
    const { leash, shop } = await testLeash(() => ({
      effect: "approve",
      counterparty: { id: "shop.example", trust: "NONE" },
    }));
    const ids = await asked(leash, [{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(await leash.desk(ann).deny(ids)).toHaveLength(3);
    expect(await codeOf(leash.guard(durable("new", { n: 4 }), shop.buy))).toBe("LEASH_DENIED");
  });
});

describe("the terminal", () => {
  it("A-H10: asks once for equal calls, says how many, and answers each", async () => {
    const screen = fakeTerminal();
    const { leash, shop } = await testLeash(asking(), { notify: terminal({ ...screen, quietMs: 20 }) });
    screen.output.setMaxListeners(0);
    const first = leash.guard(durable("call-0", {}), shop.buy);
    await screen.until("? [y/n/?] ");
    const others = [1, 2].map((index) => leash.guard(durable(`call-${index}`, {}), shop.buy));
    await expect.poll(async () => (await leash.desk(ann).pending()).length).toBe(3);
    screen.type("y\n");
    await first;
    await screen.until(" and 1 equal call? [y/n/?] ");
    screen.type("y\n");
    await Promise.all(others);
    expect(shop.orders).toHaveLength(3);
    expect(screen.count("[y/n/?]")).toBe(2);
    await leash.close();
  });
});
