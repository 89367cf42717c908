import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { counterpartyShape } from "./language/counterparties.ts";
import { documentShape } from "./language/document.ts";
import { ruleShape } from "./language/rules.ts";
import { proofShape, stepUpShape, termsShape } from "./language/terms.ts";
import { toolShape } from "./language/tools.ts";
import { checkPolicy } from "./load.ts";

interface Block {
  readonly properties: Readonly<Record<string, Block>>;
  readonly required?: readonly string[];
  readonly additionalProperties: unknown;
}

const text = readFileSync(new URL("../leash.schema.json", import.meta.url), "utf8");
const schema = JSON.parse(text) as Block & { readonly $defs: Readonly<Record<string, Block>> };
const validator = z.fromJSONSchema(JSON.parse(text));

const blockAt = (name: string): Block => schema.$defs[name] ?? expect.fail(`the schema lacks ${name}`);

describe("leash.schema.json", () => {
  it.each([
    ["the document", documentShape, schema],
    ["a rule", ruleShape, blockAt("rule")],
    ["a tool", toolShape, blockAt("tool")],
    ["a counterparty", counterpartyShape, blockAt("counterparty")],
    ["approval", termsShape, blockAt("approval")],
    ["step_up", stepUpShape, blockAt("rule").properties["step_up"] ?? expect.fail("no step_up")],
    ["proof", proofShape, blockAt("rule").properties["proof"] ?? expect.fail("no proof")],
  ])("has exactly the keys that the loader knows: %s", (_what, shape, block) => {
    expect(Object.keys(block.properties).sort()).toEqual(Object.keys(shape.keys).sort());
    expect([...(block.required ?? [])].sort()).toEqual([...(shape.required ?? [])].sort());
    expect(block.additionalProperties).toBe(false);
  });

  it.each([
    "leash: 1",
    "leash: 1\ndefault: REQUIRE_APPROVAL\nmode: observe\nid: a.b-c",
    "leash: 1\ntools: { http.request: { aliases: [http_request], decision: allow }, 'two words': {} }",
    "leash: 1\ntools: { a: { counterparty: input.a.b, decision: step_up, approval: { expires_in: 60, use_within: 7d }, idempotent: true, description: d } }",
    "leash: 1\ncounterparties: [{ match: '*.a.com', trust: REGULATED }, { match: a.com, trust: LOW }]",
    "leash: 1\nrules: [{ id: a, action: '*', effect: Deny, when: true }, { id: b, action: [a, 'b.*'], effect: escalate, when: 'input.a > 1', reason: r }]",
    "leash: 1\nrules: [{ id: a, action: a, effect: step_up, step_up: { methods: [totp] }, proof: { ttl: 1h } }]",
  ])("accepts what the loader accepts: %s", (policy) => {
    expect(checkPolicy(policy)).toEqual([]);
    expect(validator.safeParse(parse(policy)).error?.issues ?? []).toEqual([]);
  });

  it.each([
    "id: a",
    "leash: 2",
    "leash: 1\nrulse: []",
    "leash: 1\ndefault: step_up",
    "leash: 1\nmode: off",
    "leash: 1\nlimits: []",
    "leash: 1\ntools: { 'a.*': {} }",
    "leash: 1\ntools: { a: { allowed_hosts: [] } }",
    "leash: 1\ntools: { a: { counterparty: agent } }",
    "leash: 1\ncounterparties: [{ match: a.com, trust: high }]",
    "leash: 1\nrules: [{ id: a, action: a }]",
    "leash: 1\nrules: [{ id: a, action: 'a*', effect: allow }]",
    "leash: 1\nrules: [{ id: a, action: a, effect: compute }]",
    "leash: 1\nrules: [{ id: a, action: a, effect: allow, proof: { ttl: 5 minutes } }]",
    "leash: 1\nrules: [{ id: a, action: a, effect: step_up, step_up: { methods: [] } }]",
  ])("refuses what the loader refuses: %s", (policy) => {
    expect(checkPolicy(policy).length).toBeGreaterThan(0);
    expect(validator.safeParse(parse(policy)).success).toBe(false);
  });
});
