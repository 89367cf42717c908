import { describe, expect, it } from "vitest";
import type { Json } from "../model/json.ts";
import { answer, decide } from "./call.fixture.ts";

describe("the counterparty", () => {
  const policy = `counterparties:
    - { match: "*.storeco.com", trust: HIGH }
    - { match: bad.storeco.com, trust: LOW }
tools: { purchase: { counterparty: input.shop.domain } }
rules: [{ id: trusted, action: "*", when: counterparty.trust == "HIGH", effect: allow }]`;
  const at = (domain: Json) => ({ shop: { domain } });

  it("is named by the input and trusted by the policy", () => {
    const decision = decide(policy, at("Shop.StoreCo.com."));
    expect(decision.counterparty).toEqual({ id: "shop.storeco.com", trust: "HIGH" });
    expect(decision.effect).toBe("allow");
  });

  it.each([
    ["a host nobody listed", "evil.example", "NONE"],
    ["the name above the wildcard", "storeco.com", "NONE"],
    ["a name that merely ends alike", "evilstoreco.com", "NONE"],
    ["a more specific entry", "bad.storeco.com", "LOW"],
    ["a user name that looks like the host", "shop.storeco.com@evil.example", "NONE"],
    ["a soft hyphen", "shop.store\u00ADco.com", "NONE"],
  ])("is not trusted: %s", (_what, domain, trust) => {
    const decision = decide(policy, at(domain));
    expect(decision.counterparty?.trust).toBe(trust);
    expect(decision.effect).toBe("deny");
  });

  it.each([
    ["missing", {}],
    ["no text", at(1)],
    ["empty", at("")],
    ["in an array", { shop: [{ domain: "shop.storeco.com" }] }],
  ])("is absent, and its use unknown, where the id is %s", (_what, input) => {
    expect(decide(policy, input)).toMatchObject({ counterparty: null, effect: "deny", rule: "default" });
    expect(
      answer(policy.replace("effect: allow", "effect: deny").replace("rules:", "default: allow\nrules:"), input),
    ).toBe("deny trusted rule_unknown");
  });

  it("A-A24: takes no trust from the call, whatever the call says", () => {
    const input = {
      shop: { domain: "evil.example", trust: "HIGH" },
      trust: "HIGH",
      counterparty: { id: "shop.storeco.com", trust: "HIGH" },
      approved: true,
      approved_by: "admin",
    };
    expect(decide(policy, input, { facts: { counterparty: "shop.storeco.com" } })).toMatchObject({
      counterparty: { id: "evil.example", trust: "NONE" },
      effect: "deny",
    });
  });

  it("is where the policy says, else where the registry says, else what the host states", () => {
    const trust = "counterparties: [{ match: a.com, trust: HIGH }]";
    const tools = `${trust}\ntools: { purchase: { counterparty: input.policy } }`;
    const input = { policy: "policy.com", registry: "registry.com" };
    const facts = { counterparty: "facts.com" };
    const tool = { counterparty: "input.registry" };
    expect(decide(tools, input, { tool, facts }).counterparty?.id).toBe("policy.com");
    expect(decide(trust, input, { tool, facts }).counterparty?.id).toBe("registry.com");
    expect(decide(trust, input, { facts }).counterparty?.id).toBe("facts.com");
    expect(decide(trust, input).counterparty).toBeNull();
  });

  it("does not fall back to another source where the stated place is empty or unreadable", () => {
    const facts = { counterparty: "a.com" };
    expect(decide("", {}, { tool: { counterparty: "input.gone" }, facts }).counterparty).toBeNull();
    expect(decide("", {}, { tool: { counterparty: "agent.name" }, facts }).counterparty).toBeNull();
  });
});
