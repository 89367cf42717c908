import { describe, expect, it } from "vitest";
import { domainDigest } from "../digest.ts";
import { isLeashError, PolicyInvalid } from "../errors.ts";
import { sampleCall } from "./call.fixture.ts";
import { ISSUE_CODES } from "./issues.ts";
import { checkPolicy, loadPolicy } from "./load.ts";

/** Every key of the language once. */
const SAMPLE = `leash: 1
id: shop
default: deny
mode: enforce
counterparties:
  - match: "*.storeco.com"
    trust: HIGH
tools:
  purchase:
    aliases: [buy]
    counterparty: input.merchant_domain
    decision: approve
    approval:
      expires_in: 3600
      use_within: 15m
    idempotent: false
    description: buys things
rules:
  - id: small-trusted
    action: purchase
    when: input.amount_minor < 5000 && counterparty.trust == "HIGH"
    effect: allow
    proof:
      ttl: 5m
  - id: large
    action: [purchase, "bank.*"]
    effect: step_up
    reason: large payments need a person
    description: who pays
    step_up:
      methods: [webauthn, totp]
    approval:
      expires_in: 24h
`;

const codes = (text: string): readonly string[] => checkPolicy(text).map(({ code }) => code);

describe("loadPolicy", () => {
  it("loads a document that uses every key", () => {
    expect(checkPolicy(SAMPLE)).toEqual([]);
    expect(loadPolicy(SAMPLE)).toMatchObject({ id: "shop", mode: "enforce", canAsk: true });
  });

  it("needs nothing but the version", () => {
    expect(loadPolicy("leash: 1")).toMatchObject({ id: "leash", mode: undefined, canAsk: false });
  });

  it("I11: throws one typed error with every issue, each with its place", () => {
    const text = "leash: 1\nrulse: []\nrules:\n  - { id: a, action: 'x*', efect: allow }\n";
    const caught = catchInvalid(() => loadPolicy(text, { origin: "leash.yaml" }));
    expect(isLeashError(caught, "LEASH_POLICY_INVALID")).toBe(true);
    expect(caught.issues.map(({ code, line }) => [code, line])).toEqual([
      ["unknown_key", 2],
      ["missing_key", 4],
      ["bad_pattern", 4],
      ["unknown_key", 4],
    ]);
    expect(caught.message).toContain("leash.yaml:2:1 a policy has no key `rulse` (did you mean `rules`?)");
    expect(caught.issues.find(({ code }) => code === "bad_pattern")?.pointer).toBe("/rules/0/action");
  });

  it("A-P2: refuses every key of a sample with one letter changed, with its line, column and a hint", () => {
    const keys = [...SAMPLE.matchAll(/^(?<before>[ -]*)(?<key>[a-z_]+):/gm)].filter(
      ({ groups }) => groups?.["key"] !== "purchase",
    );
    expect(keys.length).toBeGreaterThan(25);
    for (const { index, groups } of keys) {
      const { before = "", key = "" } = groups ?? {};
      const start = index + before.length;
      const line = SAMPLE.slice(0, start).split("\n").length;
      for (const [slip, name] of slipsOf(key)) {
        const issues = checkPolicy(SAMPLE.slice(0, start) + name + SAMPLE.slice(start + key.length));
        const found = issues.find(({ code }) => code === "unknown_key");
        expect(found, `${slip} in ${key}: ${name}`).toMatchObject({ line, column: before.length + 1 });
        expect(found?.hint).toBe(`did you mean \`${key}\`?`);
      }
    }
  });

  it.each([
    ["labels", "labels: {}"],
    ["a rule's priority", "rules: [{ id: a, action: a, effect: allow, priority: 1 }]"],
    ["allowances", "rules: [{ id: a, action: a, effect: approve, allowance: {} }]"],
    ["a tool's labels", "tools: { a: { labels: {} } }"],
    ["a tool's schema", "tools: { a: { schema: {} } }"],
    ["a tool's constraints", "tools: { a: { constraints: {} } }"],
    ["a yes for several calls", "rules: [{ id: a, action: a, effect: approve, approval: { count: 2 } }]"],
    ["another version", "id: a\nleash: 2"],
  ])("I11: refuses what this version does not read by name: %s", (_what, text) => {
    const issues = checkPolicy(text.includes("leash:") ? text : `leash: 1\n${text}`);
    expect(issues.map(({ code }) => code)).toEqual(["unsupported"]);
    expect(issues[0]?.message).toMatch(/not supported by this version|this version reads/);
  });

  it.each([
    ["an unknown effect", "rules: [{ id: a, action: a, effect: alow }]", "bad_value"],
    ["an effect that is a boolean", "rules: [{ id: a, action: a, effect: true }]", "wrong_type"],
    ["a word that computes, without what", "rules: [{ id: a, action: a, effect: COMPUTE }]", "missing_key"],
    ["a deny that computes", "rules: [{ id: a, action: a, effect: deny, compute: { tool: b } }]", "misplaced_key"],
    ["an empty compute", "rules: [{ id: a, action: a, effect: allow, compute: {} }]", "bad_value"],
    [
      "a path of compute that is none",
      "rules: [{ id: a, action: a, effect: allow, compute: { set: { 'a..b': '1' } } }]",
      "bad_path",
    ],
    [
      "a member set and removed",
      "rules: [{ id: a, action: a, effect: allow, compute: { set: { a.b: '1' }, remove: [a] } }]",
      "duplicate",
    ],
    [
      "obligations of a deny",
      "rules: [{ id: a, action: a, effect: deny, obligations: [{ type: x }] }]",
      "misplaced_key",
    ],
    [
      "an obligation's time that is none",
      "rules: [{ id: a, action: a, effect: allow, obligations: [{ type: x, at: during }] }]",
      "bad_value",
    ],
    [
      "a misspelt assurance level",
      "rules: [{ id: a, action: a, effect: allow, requirements: { min_assurance_level: HIHG } }]",
      "bad_value",
    ],
    [
      "bounds that nothing meets",
      "rules: [{ id: a, action: a, effect: allow, constraints: { amount_min: 2, amount_max: 1 } }]",
      "bad_value",
    ],
    [
      "a currency in small letters",
      "rules: [{ id: a, action: a, effect: allow, constraints: { currency: [eur] } }]",
      "bad_value",
    ],
    ["a channel of an unknown scheme", "channels: { a: 'ntyf://a.example/b' }", "bad_value"],
    [
      "a channel that is not there",
      "rules: [{ id: a, action: a, effect: approve, approval: { notify: [nobody] } }]",
      "bad_value",
    ],
    ["a quorum of nobody", "rules: [{ id: a, action: a, effect: approve, approval: { quorum: 0 } }]", "bad_value"],
    ["an `otherwise` without a guard", "tools: { a: { otherwise: approve } }", "misplaced_key"],
    [
      "a rule behind one that always answers",
      "rules: [{ id: a, action: '*', effect: allow }, { id: b, action: x, effect: approve }]",
      "dead_rule",
    ],
    [
      "a rule behind several that always answer",
      "rules: [{ id: a, action: [x, y.*], effect: allow }, { id: b, action: [x, y.z], effect: approve }]",
      "dead_rule",
    ],
    ["step_up as the default", "default: step_up", "bad_value"],
    ["an unknown mode", "mode: enforced", "bad_value"],
    ["a star inside a pattern", "rules: [{ id: a, action: 'a.*.b', effect: allow }]", "bad_pattern"],
    ["a star behind a letter", "rules: [{ id: a, action: 'a*', effect: allow }]", "bad_pattern"],
    ["a pattern of nothing but a suffix", "rules: [{ id: a, action: '.*', effect: allow }]", "bad_pattern"],
    ["no pattern at all", "rules: [{ id: a, action: [], effect: allow }]", "bad_pattern"],
    ["an invisible character in a pattern", 'rules: [{ id: a, action: "a\\u200B", effect: deny }]', "bad_pattern"],
    ["a star as tool", "tools: { 'a.*': {} }", "bad_name"],
    [
      "two rules with one id",
      "rules: [{ id: a, action: a, effect: deny }, { id: a, action: b, effect: deny }]",
      "duplicate",
    ],
    ["a rule id kept for the default", "rules: [{ id: default, action: a, effect: deny }]", "bad_name"],
    ["a rule id kept for tools", "rules: [{ id: tools.a, action: a, effect: deny }]", "bad_name"],
    ["an alias that is another tool", "tools: { a: { aliases: [b] }, b: {} }", "duplicate"],
    ["an alias of two tools", "tools: { a: { aliases: [c] }, b: { aliases: [c] } }", "duplicate"],
    ["an alias that is the tool itself", "tools: { a: { aliases: [a] } }", "duplicate"],
    ["two spellings of one name", 'tools: { "\\u00e9": {}, "e\\u0301": {} }', "duplicate"],
    [
      "a counterparty twice",
      "counterparties: [{ match: a.com, trust: LOW }, { match: A.com., trust: HIGH }]",
      "duplicate",
    ],
    ["an unknown trust", "counterparties: [{ match: a.com, trust: high }]", "bad_value"],
    ["a URL as counterparty", "counterparties: [{ match: 'https://a.com', trust: LOW }]", "bad_host"],
    ["a star as counterparty", "counterparties: [{ match: '*', trust: LOW }]", "bad_host"],
    ["a path outside the input", "tools: { a: { counterparty: agent } }", "bad_path"],
    ["a path with a dash at its end", "tools: { a: { counterparty: input.a. } }", "bad_path"],
    [
      "step_up options on an approve",
      "rules: [{ id: a, action: a, effect: approve, step_up: { methods: [totp] } }]",
      "misplaced_key",
    ],
    ["approval on an allow", "rules: [{ id: a, action: a, effect: allow, approval: {} }]", "misplaced_key"],
    ["approval on a deny", "rules: [{ id: a, action: a, effect: deny, approval: {} }]", "misplaced_key"],
    ["approval on a tool that asks nobody", "tools: { a: { approval: {} } }", "misplaced_key"],
    ["a proof on a deny", "rules: [{ id: a, action: a, effect: deny, proof: { ttl: 5 } }]", "misplaced_key"],
    [
      "a proof of more than an hour",
      "rules: [{ id: a, action: a, effect: allow, proof: { ttl: 61m } }]",
      "bad_duration",
    ],
    ["a duration of nothing", "tools: { a: { decision: approve, approval: { use_within: 0 } } }", "bad_duration"],
    ["no step-up method", "rules: [{ id: a, action: a, effect: step_up, step_up: { methods: [] } }]", "bad_value"],
    [
      "a step-up method twice",
      "rules: [{ id: a, action: a, effect: step_up, step_up: { methods: [totp, totp] } }]",
      "duplicate",
    ],
    ["an empty reason", "rules: [{ id: a, action: a, effect: deny, reason: ' ' }]", "bad_value"],
    ["rules that are no list", "rules: { a: {} }", "wrong_type"],
    ["tools that are a list", "tools: [a]", "wrong_type"],
    ["a rule that is a text", "rules: [a]", "wrong_type"],
    ["a key without a value", "rules:", "wrong_type"],
    [
      "a condition that cannot be read",
      "rules: [{ id: a, action: a, effect: allow, when: 'input.a <' }]",
      "bad_condition",
    ],
  ])("A-P2: refuses %s", (_what, text, code) => {
    expect(codes(`leash: 1\n${text}`)).toEqual([code]);
  });

  it.each(["- a", "text", "null", "[]"])("refuses a document that is no block of keys: %s", (text) => {
    expect(checkPolicy(text).length).toBeGreaterThan(0);
  });

  it("refuses a document without its version", () => {
    expect(checkPolicy("id: a")).toMatchObject([{ code: "missing_key", line: 1, column: 1, pointer: "" }]);
  });

  it("stops counting issues before the error becomes unreadable", () => {
    const text = `leash: 1\n${Array.from({ length: 5000 }, (_, index) => `key${index}: 1`).join("\n")}`;
    expect(checkPolicy(text)).toHaveLength(100);
    expect(() => loadPolicy(text)).toThrow(PolicyInvalid);
  });

  it("never throws from checkPolicy and always from loadPolicy, however a text is cut off", () => {
    for (let end = 0; end < SAMPLE.length; end += 1) {
      const text = SAMPLE.slice(0, end);
      const issues = checkPolicy(text);
      for (const { code, line, column } of issues) {
        expect(ISSUE_CODES).toContain(code);
        expect(Math.min(line, column)).toBeGreaterThanOrEqual(1);
      }
      if (issues.length > 0) expect(() => loadPolicy(text)).toThrow(PolicyInvalid);
    }
  });
});

describe("a rule that can never allow", () => {
  const allow = "{ id: yes, action: [bank.pay, bank.read], effect: allow }";

  it.each([
    ["the same names", "[bank.pay, bank.read]", true],
    ["a wider prefix", "bank.*", true],
    ["everything", "'*'", true],
    ["one of two names", "bank.pay", false],
    ["another prefix", "banks.*", false],
  ])("A-P2: is found under a deny of %s", (_what, action, dead) => {
    const text = `leash: 1\nrules: [${allow}, { id: no, action: ${action}, effect: deny }]`;
    expect(codes(text)).toEqual(dead ? ["dead_rule"] : []);
  });

  it("is not one where the deny has a condition", () => {
    expect(
      codes(`leash: 1\nrules: [${allow}, { id: no, action: 'bank.*', effect: deny, when: "input.a == 1" }]`),
    ).toEqual([]);
  });

  it("is found in the tools block, by any of the tool's names", () => {
    const rules = "rules: [{ id: no, action: http_request, effect: deny }]";
    expect(codes(`leash: 1\ntools: { http.request: { aliases: [http_request], decision: allow } }\n${rules}`)).toEqual([
      "dead_rule",
    ]);
  });
});

describe("a loaded policy", () => {
  it("names the canonical document by its digest", () => {
    const policy = loadPolicy(SAMPLE);
    expect(policy.digest).toBe(domainDigest("leashkit/policy/1", JSON.parse(policy.source)));
    expect(loadPolicy(policy.source).digest).toBe(policy.digest);
  });

  it("keeps its digest when only comments, quotes and order of keys change, and changes it with any value", () => {
    const digest = loadPolicy("leash: 1\nid: a\ndefault: deny").digest;
    expect(loadPolicy('# hello\n{ "default": "deny", "id": "a", "leash": 1 }').digest).toBe(digest);
    expect(loadPolicy("leash: 1\nid: a\ndefault: allow").digest).not.toBe(digest);
  });

  it.each([
    ["deny", "leash: 1", false],
    ["an approve default", "leash: 1\ndefault: approve", true],
    ["a tool's step_up", "leash: 1\ntools: { a: { decision: step_up } }", true],
    ["an alias of approve", "leash: 1\nrules: [{ id: a, action: a, effect: ESCALATE }]", true],
    ["only allow and deny", "leash: 1\ndefault: allow\nrules: [{ id: a, action: a, effect: deny }]", false],
  ])("knows whether it can ask: %s", (_what, text, canAsk) => {
    expect(loadPolicy(text).canAsk).toBe(canAsk);
  });

  it("tells what its tools block says of repeating calls", () => {
    const policy = loadPolicy("leash: 1\ntools: { a: { idempotent: false, aliases: [b] }, c: {} }");
    const tool = (id: string) => sampleCall({}, { tool: { id, idempotent: true } }).tool;
    expect(["a", "b", "c", "d"].map((id) => policy.idempotent?.(tool(id)))).toEqual([
      false,
      false,
      undefined,
      undefined,
    ]);
  });

  it("holds many rules", () => {
    const rules = Array.from({ length: 5000 }, (_, index) => `- { id: r${index}, action: t${index}, effect: allow }`);
    expect(codes(`leash: 1\nrules:\n${rules.join("\n")}`)).toEqual([]);
  });
});

function catchInvalid(load: () => unknown): PolicyInvalid {
  try {
    load();
  } catch (error) {
    if (error instanceof PolicyInvalid) return error;
    throw error;
  }
  return expect.fail("the policy was loaded");
}

/** A key with one letter lost, changed, added or swapped, in every place. */
function* slipsOf(key: string): Generator<readonly [slip: string, name: string]> {
  for (let at = 0; at < key.length; at += 1) {
    yield ["changed", `${key.slice(0, at)}q${key.slice(at + 1)}`];
    yield ["added", `${key.slice(0, at)}q${key.slice(at)}`];
    if (key.length > 2) yield ["lost", key.slice(0, at) + key.slice(at + 1)];
    const swapped = key.slice(0, at) + (key[at + 1] ?? "") + (key[at] ?? "") + key.slice(at + 2);
    if (swapped !== key && key.length > 2) yield ["swapped", swapped];
  }
}
