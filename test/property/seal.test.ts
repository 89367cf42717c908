import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  canonicalText,
  createLeash,
  domainDigest,
  sha256Hex,
  type Action,
  type Json,
  type Leash,
  type Principal,
} from "@leashkit/core";
import { scriptedPolicy } from "@leashkit/core/testing";

const word = fc
  .stringMatching(/^[a-z\u00e9\u{1F600}"\\,:{} ]{1,12}$/u)
  .filter((text) => text.trim() === text && text !== "");
const principals = fc.record({ tenant: word, subject: word, agent: word });
const inputs = fc.dictionary(
  fc.string({ unit: "grapheme" }).filter((name) => name !== "__proto__"),
  fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.array(fc.dictionary(word, fc.nat()), { maxLength: 3 }),
  ),
  { maxKeys: 5, noNullPrototype: true },
);

interface Proposed extends Omit<Principal, "chain"> {
  readonly tool: string;
  readonly input: Record<string, unknown>;
}

interface Seen {
  readonly action: Action;
  /** What the tool got. */
  readonly executed: Json;
  readonly digest: string;
}

/** One allowed call, as the policy saw it and as the tool got it. `meanwhile` happens while the policy is asked. */
async function runOnce(
  principal: Omit<Principal, "chain">,
  tool: string,
  input: unknown,
  meanwhile: () => void = () => undefined,
): Promise<Seen> {
  const actions: Action[] = [];
  const policy = scriptedPolicy((action) => {
    actions.push(action);
    meanwhile();
    return "allow";
  });
  const leash: Leash = await createLeash({ policy, store: "memory", notify: [], principal });
  leash.register({ id: tool });
  try {
    return await leash.guard({ tool, input }, (executed, { digest }) => {
      const [action] = actions;
      if (action === undefined) throw new Error("the policy was not asked");
      return { action, executed, digest };
    });
  } finally {
    await leash.close();
  }
}

const isFrozen = (value: unknown): boolean =>
  typeof value !== "object" || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen));

describe("the sealed action, over all inputs", () => {
  it("I1: has the digest that the design states, and what runs has the same", async () => {
    await fc.assert(
      fc.asyncProperty(principals, word, inputs, async (principal, tool, input) => {
        const { action, executed, digest } = await runOnce(principal, tool, input);
        const name = tool.normalize("NFC");
        const stated = domainDigest("leashkit/action/1", { v: 1, ...principal, tool: name, input });
        expect(action.digest).toBe(stated);
        expect(digest).toBe(stated);
        expect(domainDigest("leashkit/action/1", { v: 1, ...principal, tool: name, input: executed })).toBe(stated);
        expect(action.inputDigest).toBe(sha256Hex(canonicalText(input)));
      }),
      { numRuns: 50 },
    );
  });

  it("I1: gets another digest when any one of tenant, agent, subject, tool or input is another", async () => {
    const call = fc.record<Proposed>({ tenant: word, agent: word, subject: word, tool: word, input: inputs });
    const part = fc.constantFrom(
      "tenant" as const,
      "agent" as const,
      "subject" as const,
      "tool" as const,
      "input" as const,
    );
    const digestOf = async ({ tenant, agent, subject, tool, input }: Proposed): Promise<string> =>
      (await runOnce({ tenant, agent, subject }, tool, input)).digest;
    await fc.assert(
      fc.asyncProperty(call, call, part, async (one, other, changed) => {
        const mixed = { ...one, [changed]: other[changed] };
        fc.pre(canonicalText(mixed) !== canonicalText(one));
        expect(await digestOf(mixed)).not.toBe(await digestOf(one));
      }),
      { numRuns: 50 },
    );
  });

  it("I1: is deeply frozen", async () => {
    await fc.assert(
      fc.asyncProperty(inputs, async (input) => {
        const { action } = await runOnce({ tenant: "t", subject: "s", agent: "a" }, "buy", input);
        expect(isFrozen(action)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it("I1: never changes when the caller's object is changed after the call was proposed", async () => {
    await fc.assert(
      fc.asyncProperty(inputs, inputs, async (input, later) => {
        const before = canonicalText(input);
        const given: Record<string, unknown> = structuredClone(input);
        const { action, executed } = await runOnce({ tenant: "t", subject: "s", agent: "a" }, "buy", given, () => {
          for (const name of Object.keys(given)) delete given[name];
          Object.assign(given, later);
        });
        expect(canonicalText(executed)).toBe(before);
        expect(action.text).toBe(before);
      }),
      { numRuns: 50 },
    );
  });
});
