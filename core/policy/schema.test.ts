import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { caseCallShape, caseFactsShape, caseShape, expectShape } from "./language/cases.ts";
import { computeShape } from "./language/compute.ts";
import { constraintsShape } from "./conditions/constraints.ts";
import { counterpartyShape } from "./language/counterparties.ts";
import { documentShape } from "./language/document.ts";
import { limitShape } from "./language/limits.ts";
import { obligationShape } from "./language/obligations.ts";
import { requirementsShape } from "./language/requirements.ts";
import { ruleShape } from "./language/rules.ts";
import { proofShape, stepUpShape, termsShape } from "./language/terms.ts";
import { toolShape } from "./language/tools.ts";
import { checkPolicy } from "./load.ts";

interface Block {
  readonly properties: Readonly<Record<string, Block>>;
  readonly required?: readonly string[];
  readonly additionalProperties: unknown;
  readonly anyOf?: readonly Block[];
}

const text = readFileSync(new URL("../leash.schema.json", import.meta.url), "utf8");
const schema = JSON.parse(text) as Block & { readonly $defs: Readonly<Record<string, Block>> };
const validator = z.fromJSONSchema(JSON.parse(text));

const blockAt = (name: string): Block => schema.$defs[name] ?? expect.fail(`the schema lacks ${name}`);

const partOf = (name: string, key: string): Block =>
  blockAt(name).properties[key] ?? expect.fail(`the schema's ${name} lacks ${key}`);

describe("leash.schema.json", () => {
  it.each([
    ["the document", documentShape, schema],
    ["a rule", ruleShape, blockAt("rule")],
    ["a tool", toolShape, blockAt("tool")],
    ["a counterparty", counterpartyShape, blockAt("counterparty")],
    ["approval", termsShape, blockAt("approval")],
    ["step_up", stepUpShape, blockAt("stepUp")],
    ["proof", proofShape, blockAt("proof")],
    ["a limit", limitShape, blockAt("limit")],
    ["an obligation", obligationShape, blockAt("obligation")],
    ["constraints", constraintsShape, partOf("rule", "constraints")],
    ["requirements", requirementsShape, partOf("rule", "requirements")],
    ["compute", computeShape, partOf("rule", "compute")],
    ["a test", caseShape, blockAt("case")],
    ["a test's call", caseCallShape, partOf("case", "call")],
    ["a test's facts", caseFactsShape, partOf("case", "facts")],
    ["what a test expects", expectShape, partOf("case", "expect").anyOf?.[1] ?? expect.fail("no expectation")],
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
    "leash: 1\nlayer: agent\ndefault: passthrough\nchannels: { ops: 'ntfy://ntfy.example/ops' }\nrules: [{ id: a, action: a, effect: approve, approval: { notify: [ops, 'mailto:a@b.example'], quorum: 2, roles: [cfo], four_eyes: true, reason_required: true, escalate_after: 10m, deny_memory: 1h } }]",
    "leash: 1\nrules: [{ id: a, action: a, effect: approve, approval: { deny_memory: 0s } }, { id: b, action: b, effect: approve, approval: { deny_memory: 0 } }]",
    "leash: 1\nlimits: [{ id: a, action: [a, 'b.*'], sum: input.n, per: [agent, { path: input.r, values: [eu] }], window: 24h, fixed: true, max: 0, over: step_up }]",
    "leash: 1\nrules: [{ id: a, action: a, effect: compute, compute: { set: { a.b: '1 + 1', c: 3, d: true }, remove: [e], tool: f }, obligations: [{ type: x, at: after, params: { y: 1 } }] }]",
    "leash: 1\nrules: [{ id: a, action: a, effect: approve, overridable: true, mode: observe, constraints: { amount_max: 5, currency: [EUR], allowed_domains: ['*.a.com'] }, requirements: { min_assurance_level: LOW } }]",
    "leash: 1\nrules: [{ id: a, action: a, effect: allow, when: { all: [{ path: input.a, lte: 5 }, { not: { any: [{ path: agent, eq: x }, { path: input.b, exists: true }] } }] } }]",
    "leash: 1\ntests: [{ call: { tool: a, input: [1] }, expect: deny }, { name: n, call: { tool: a, agent: b, side_effect: read }, facts: { now: 1, probes: { 'a:b': 1 } }, expect: { effect: deny, rule: default, reason_code: default, input: [1] } }]",
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
    "leash: 1\nlimits: [{ id: a, action: a, max: 1 }]",
    "leash: 1\nlimits: [{ id: a, action: a, max: 1, window: 1h, over: allow }]",
    "leash: 1\nrules: [{ id: a, action: a, effect: allow, when: { all: [] } }]",
    "leash: 1\nrules: [{ id: a, action: a, effect: allow, when: { path: input.a, equals: 1 } }]",
    "leash: 1\nrules: [{ id: a, action: a, effect: approve, approval: { quorum: 0 } }]",
    "leash: 1\nrules: [{ id: a, action: a, effect: approve, approval: { deny_memory: -1 } }]",
    "leash: 1\nrules: [{ id: a, action: a, effect: approve, approval: { deny_memory: false } }]",
    "leash: 1\nrules: [{ id: a, action: a, effect: approve, approval: { escalate_after: 0s } }]",
    "leash: 1\ntests: [{ call: { tool: a } }]",
    "leash: 1\ntools: { 'a.*': {} }",
    "leash: 1\ntools: { a: { allowed_host: [] } }",
    "leash: 1\ntools: { a: { counterparty: agent } }",
    "leash: 1\ncounterparties: [{ match: a.com, trust: high }]",
    "leash: 1\nrules: [{ id: a, action: a }]",
    "leash: 1\nrules: [{ id: a, action: 'a*', effect: allow }]",
    "leash: 1\nrules: [{ id: a, action: a, effect: compute, compute: {} }]",
    "leash: 1\nrules: [{ id: a, action: a, effect: allow, proof: { ttl: 5 minutes } }]",
    "leash: 1\nrules: [{ id: a, action: a, effect: step_up, step_up: { methods: [] } }]",
  ])("refuses what the loader refuses: %s", (policy) => {
    expect(checkPolicy(policy).length).toBeGreaterThan(0);
    expect(validator.safeParse(parse(policy)).success).toBe(false);
  });
});
