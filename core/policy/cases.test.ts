import { describe, expect, it } from "vitest";
import { checkPolicy, loadPolicy } from "./load.ts";

const POLICY = `leash: 1
counterparties: [{ match: shop.example, trust: HIGH }]
tools: { purchase: { counterparty: input.shop } }
rules:
  - { id: trusted, action: purchase, when: 'counterparty.trust == "HIGH" && input.n < 10', effect: allow }
  - { id: night, action: mail.send, when: now.getHours() < 6, effect: deny }
  - { id: mail, action: mail.send, effect: approve }
  - { id: support, action: refund, when: agent == "support" && tool.side_effect == "write", effect: step_up }
tests:
`;

const failures = (tests: string): readonly string[] =>
  checkPolicy(POLICY + tests, { strict: true }).map(({ code, line, message }) => `${code} ${line} ${message}`);

describe("tests that a policy embeds", () => {
  it("hold where the policy answers as they say", () => {
    expect(
      failures(`  - { call: { tool: purchase, input: { shop: shop.example, n: 1 } }, expect: allow }
  - { call: { tool: purchase, input: { n: 1 } }, expect: { effect: deny, rule: default, reason_code: default } }
  - { call: { tool: mail.send }, facts: { now: 0 }, expect: { effect: deny, rule: night } }
  - { call: { tool: mail.send }, facts: { now: 43200000 }, expect: { effect: approve, rule: mail } }
  - { call: { tool: refund, agent: support, side_effect: write }, expect: step_up }
  - { call: { tool: refund }, expect: { effect: step_up, reason_code: rule_unknown } }`),
    ).toEqual([
      'failed_test 15 the test "refund {}" fails: step_up was expected, and the answer is deny (default: no rule decides; the policy\'s default refuses)',
    ]);
  });

  it.each([
    [
      "another effect",
      "{ name: one, call: { tool: mail.send }, facts: { now: 43200000 }, expect: allow }",
      'the test "one" fails: allow was expected, and the answer is approve',
    ],
    [
      "another rule",
      "{ name: two, call: { tool: other }, expect: { effect: deny, rule: night } }",
      'the test "two" fails: the rule is default, not night',
    ],
    [
      "another reason",
      "{ name: three, call: { tool: other }, expect: { effect: deny, reason_code: rule } }",
      'the test "three" fails: the reason is default, not rule',
    ],
    [
      "another input",
      "{ name: four, call: { tool: other, input: { a: 1 } }, expect: { effect: deny, input: { a: 2 } } }",
      'the test "four" fails: what would run is {"a":1}',
    ],
  ])("fail for %s, and name their line", (_what, test, message) => {
    const [failure, ...others] = failures(`  - ${test}`);
    expect(others).toEqual([]);
    expect(failure?.startsWith(`failed_test 10 ${message}`)).toBe(true);
  });

  it("are read but not run unless it is asked for", () => {
    const wrong = `${POLICY}  - { call: { tool: other }, expect: allow }`;
    expect(() => loadPolicy(wrong)).not.toThrow();
    expect(() => loadPolicy(wrong, { strict: true })).toThrowError(/failed_test|fails/u);
  });

  it("P2: do not load with a key or an effect that is none", () => {
    expect(checkPolicy(`${POLICY}  - { call: { tool: a, inputs: {} }, expect: alow }`).map(({ code }) => code)).toEqual(
      ["unknown_key", "bad_value"],
    );
  });
});
