import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  argumentReader,
  deferredStatus,
  memoryKeyRing,
  memoryStore,
  schemaDigest,
  sealedText,
  type Action,
  type Approval,
  type Leash,
  type Store,
} from "@leashkit/core";
import { fakeClock, type CountingShop, type ScriptedAnswer } from "@leashkit/core/testing";
import { createDesk } from "../../core/approvals/desk.ts";
import { actionDigest } from "../../core/digest.ts";
import { ann, ASKED, bob, EDITED, pendingOf, propose } from "../support/edits.ts";
import { durable, testLeash } from "../support/leash.ts";
import { codeOf, thrown } from "../support/thrown.ts";

interface Waiting {
  readonly store: Store;
  readonly leash: Leash;
  readonly shop: CountingShop;
  readonly ref: string;
  readonly approvalId: string;
}

/** A deferred call, at a leash whose store somebody else can write. */
async function waiting(answer: (action: Action) => ScriptedAnswer = () => "approve"): Promise<Waiting> {
  const store = memoryStore();
  const { leash, shop } = await testLeash(answer, { store });
  const { ref, approvalId } = await pendingOf(leash);
  return { store, leash, shop, ref, approvalId };
}

/** What somebody with the database, and without the desk's key, can do to an approval. */
async function forge(store: Store, id: string, change: (approval: Approval) => Partial<Approval>): Promise<void> {
  const row = await store.get("approval", id);
  if (row === undefined) throw new Error("There is no such approval.");
  const approval = row.body as unknown as Approval;
  const { kind, by, dueAt } = row;
  // Without what is undefined, as it would be written.
  const body = JSON.parse(JSON.stringify({ ...approval, ...change(approval) }));
  expect(await store.commit([{ kind, id, expect: row.version, body, by, dueAt }])).toEqual({ ok: true });
}

const amountOf = ({ input }: Action): number => (input as typeof ASKED).amount;

/** Over 500 a step-up by one method, over 20 a person under another rule, else nothing. */
function byAmount(action: Action): ScriptedAnswer {
  if (amountOf(action) > 500) return { effect: "step_up", rule: "large", terms: { methods: ["totp"] } };
  return amountOf(action) > 20 ? { effect: "approve", rule: "mid" } : "allow";
}

const lessened = ({ terms }: Approval): Partial<Approval> => ({ demand: "approve", terms: { ...terms, methods: [] } });

describe("an edit of what demands a step-up", () => {
  it.each([60, 10])("I4: into an amount of %i still takes the methods of the call as proposed only", async (amount) => {
    const { leash, shop, ref } = await waiting(byAmount);
    const { id } = await leash.desk(ann).edit(ref, { amount });
    const mailed = leash.desk({ ...bob, method: "email", assurance: "step_up" });
    expect(await codeOf(mailed.approve(id))).toBe("LEASH_DENIED");
    await leash.desk({ ...bob, method: "totp", assurance: "step_up" }).approve(id);
    expect(await leash.collect(ref, shop.buy)).toEqual({ order: 1 });
  });

  it.each([60, 10])("I3: into an amount of %i is not lessened by a bare row, of before or after", async (amount) => {
    for (const forged of ["asked", "edited"] as const) {
      const { store, leash, shop, ref, approvalId } = await waiting(byAmount);
      if (forged === "asked") await forge(store, approvalId, lessened);
      const { id } = await leash.desk(ann).edit(ref, { amount });
      if (forged === "edited") await forge(store, id, lessened);
      await thrown(leash.desk(bob).approve(id));
      expect(await codeOf(leash.guard(durable("call-1", ASKED), shop.buy, { pause: "defer" }))).not.toBe("ran");
      expect(await codeOf(leash.collect(ref, shop.buy))).not.toBe("ran");
      expect(shop.orders).toEqual([]);
    }
  });
});

describe("an edit", () => {
  it("I4: does not run where the policy denies by now what was proposed", async () => {
    let denies = false;
    const { leash, shop, ref } = await waiting((action) => (denies && amountOf(action) > 500 ? "deny" : "approve"));
    await leash.desk(bob).approve((await leash.desk(ann).edit(ref, EDITED)).id);
    denies = true;
    expect(await codeOf(leash.collect(ref, shop.buy))).toBe("LEASH_DENIED");
    expect(shop.orders).toEqual([]);
  });

  it("I3: does not get its editor's own yes because a row said so when a desk without a policy made it", async () => {
    const store = memoryStore();
    const keys = memoryKeyRing({ clock: fakeClock(), random: randomBytes });
    const { leash, shop } = await testLeash(() => "approve", { store, keys });
    const { ref, approvalId } = await pendingOf(leash);
    const mayBe =
      (edit: "self" | "other") =>
      ({ terms }: Approval): Partial<Approval> => ({ terms: { ...terms, edit } });
    await forge(store, approvalId, mayBe("self"));
    const desk = createDesk({ store, stream: "another", keys, tenant: "default", random: randomBytes }, ann);
    const { id } = await desk.edit(approvalId, EDITED);
    await desk.approve(id);
    await forge(store, id, mayBe("other"));
    expect(await codeOf(leash.collect(ref, shop.buy))).toBe("LEASH_DENIED");
    expect(shop.orders).toEqual([]);
  });

  it("I4: that a row has lost is a refusal, at the desk and at its use, and no crash", async () => {
    const { store, leash, shop, ref } = await waiting();
    const { id } = await leash.desk(ann).edit(ref, EDITED);
    await forge(store, id, () => JSON.parse('{"edit":[]}') as Partial<Approval>);
    await leash.desk(bob).approve(id);
    expect(await codeOf(propose(leash, shop.buy, "defer"))).toMatch(/^LEASH_/);
    expect(shop.orders).toEqual([]);
  });

  it("I4: whose text is no JSON, under a digest that fits, is a refusal and no crash", async () => {
    const { store, leash, shop, ref, approvalId } = await waiting();
    const { id } = await leash.desk(ann).edit(ref, EDITED);
    await leash.desk(bob).approve(id);
    const torn = ({ principal, tool }: Approval): Partial<Approval> => ({
      text: "{",
      digest: actionDigest(principal, tool, "{"),
    });
    await forge(store, id, torn);
    expect(await codeOf(propose(leash, shop.buy, "defer"))).toMatch(/^LEASH_/);
    await forge(store, approvalId, torn);
    expect(await codeOf(leash.collect(ref, shop.buy))).toBe("LEASH_DENIED");
    expect(await codeOf(leash.desk(bob).get(approvalId))).toBe("LEASH_STORE_UNAVAILABLE");
    expect(shop.orders).toEqual([]);
  });
});

describe("a model that asks for a deferred call while the store is down", () => {
  it("I14: is told so in the words of a refusal", async () => {
    const { store, leash, shop, ref } = await waiting();
    await store.close();
    expect(await deferredStatus(leash, ref, () => shop.buy)).toEqual({
      kind: "told",
      text: "Not run: calls cannot be authorized at the moment. Tell the user; retry later at most once.",
    });
  });
});

/** How long the work blocks this process, milliseconds. */
async function blockedFor(work: () => unknown): Promise<number> {
  const start = performance.now();
  await thrown(Promise.resolve().then(work));
  return performance.now() - start;
}

const LONG = `${"a".repeat(60)}!`;

/** Each part holds the next one twice. */
function doubling(levels: number): object {
  const both = (next: number): object => ({ allOf: [{ $ref: `#/$defs/${next}` }, { $ref: `#/$defs/${next}` }] });
  const $defs = Object.fromEntries(Array.from({ length: levels }, (_, level) => [level, both(level + 1)]));
  return { $ref: "#/$defs/0", $defs: { ...$defs, [levels]: { type: "object" } } };
}

function namedWithin(levels: number): object {
  let schema: object = { type: "string" };
  for (let level = 0; level < levels; level += 1)
    schema = { $id: `https://a.example/${level}`, properties: { a: schema } };
  return { properties: { a: schema } };
}

describe("a tool's schema that is a stranger's", () => {
  it.each<[string, object, unknown]>([
    ["a pattern", { properties: { a: { pattern: "^(a+)+$" } } }, { a: LONG }],
    ["a pattern of names", { patternProperties: { "^(a+)+$": {} } }, { [LONG]: 1 }],
    ["references", doubling(40), {}],
    ["formats", { properties: { a: { format: "url" } } }, { a: `http://${"a".repeat(40)}` }],
    ["equal items", { uniqueItems: true }, Array.from({ length: 50_000 }, (_, item) => [item])],
    ["alternatives", { items: { anyOf: [...Array<false>(50_000).fill(false), true] } }, Array<number>(500).fill(1)],
  ])("A-A14: does not hold the process up with %s, and lets nothing through", async (_what, schema, input) => {
    const read = argumentReader(schema);
    expect(await blockedFor(() => read(input))).toBeLessThan(2_000);
    expect(await read(input)).toEqual({ ok: false, problem: "the schema could not read them" });
  });

  it("A-A14: is refused where it alone takes too long to read", async () => {
    const make = (): unknown => argumentReader(namedWithin(40));
    expect(await blockedFor(make)).toBeLessThan(2_000);
    expect(make).toThrow(expect.objectContaining({ code: "LEASH_CONFIG_INVALID" }));
  });

  it.each<[string, object]>([
    ["another library's schemas by member", { item: z.string() }],
    ["another library's schema within", { properties: { item: z.string() } }],
    ["a function within", { properties: { item: () => true } }],
    ["a reference that only the caller's schema resolves", { $dynamicRef: "#node" }],
    ["draft 4's exclusive minimum", { properties: { a: { minimum: 5, exclusiveMinimum: true } } }],
    ["draft 4's exclusive maximum", { items: [{ maximum: 5, exclusiveMaximum: false }] }],
    ["a text for a part", { properties: { a: "string" } }],
    ["a text for a ban", { additionalProperties: "false" }],
    ["a list of parts by name", { properties: [{ type: "string" }] }],
    ["a number in a list of parts", { anyOf: [{ anyOf: [5] }] }],
    ["a text for a dependency", { dependencies: { a: "b" } }],
  ])("I4: is refused with %s, which a validator would overlook", (_what, schema) => {
    expect(() => argumentReader(schema)).toThrow(expect.objectContaining({ code: "LEASH_CONFIG_INVALID" }));
  });

  it.each<[string, object]>([
    ["members named like keywords", { properties: { $dynamicRef: {}, properties: {}, anyOf: { type: "string" } } }],
    ["values that look like keywords", { const: { exclusiveMinimum: true }, examples: [{ properties: "x" }] }],
    ["dependencies of both kinds", { dependencies: { a: ["b"], b: { required: ["a"] } } }],
    ["drafts' own forms", { items: [{}, true], additionalItems: false, definitions: { a: { maximum: 2 ** 64 } } }],
  ])("takes %s", (_what, schema) => {
    expect(() => argumentReader(schema)).not.toThrow();
  });

  it("A-A20: is told from another one also where it holds numbers beyond what is sealed", () => {
    const [one, another] = [2 ** 64, 2 ** 65].map((maximum) => schemaDigest({ properties: { a: { maximum } } }));
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(another).not.toBe(one);
  });
});

describe("an input that was a text", () => {
  it("I1: is no text any more where it has other members, too", () => {
    expect(sealedText({ input: "tea", amount: 5 })).toBeUndefined();
  });
});
