import { describe, expect, it } from "vitest";
import type { Json } from "../model/json.ts";
import type { Policy } from "../model/policy.ts";
import { type Circumstances, sampleCall } from "./call.fixture.ts";
import { checkPolicy, loadPolicy } from "./load.ts";

/** Documents by name; the first is the policy, and all are written without their first line. */
function load(documents: Readonly<Record<string, string>>, extra: { readonly strict?: boolean } = {}): Policy {
  const [main = ""] = Object.values(documents);
  return loadPolicy(`leash: 1\n${main}`, {
    ...extra,
    origin: Object.keys(documents)[0] ?? "main",
    resolve: (reference) => {
      const text = documents[reference];
      return text === undefined ? undefined : { text: `leash: 1\n${text}`, origin: reference };
    },
  });
}

function answer(documents: Readonly<Record<string, string>>, input: Json = {}, different: Circumstances = {}): string {
  const { action, tool, facts } = sampleCall(input, different);
  const { effect, rule, reasonCode } = load(documents).evaluate(action, tool, facts);
  return `${effect} ${rule} ${reasonCode}`;
}

const issuesOf = (documents: Readonly<Record<string, string>>): readonly string[] => {
  const [main = ""] = Object.values(documents);
  return checkPolicy(`leash: 1\n${main}`, {
    origin: Object.keys(documents)[0] ?? "main",
    resolve: (reference) => {
      const text = documents[reference];
      return text === undefined ? undefined : { text: `leash: 1\n${text}`, origin: reference };
    },
  }).map(({ code, line, message }) => `${code} ${line} ${message}`);
};

const ALLOW = "default: deny\nrules: [{ id: own, action: purchase, effect: allow }]";
const ORG = (rules: string, fallback = "passthrough"): string => `id: org\ndefault: ${fallback}\nrules: ${rules}`;

describe("documents that extend others", () => {
  it("A-P5: take the strictest answer of all documents", () => {
    const org = ORG("[{ id: ask, action: purchase, effect: approve }]");
    expect(answer({ main: `extends: [org]\n${ALLOW}`, org })).toBe("approve ask rule");
    const own = "rules: [{ id: never, action: purchase, effect: deny }]";
    expect(answer({ main: `extends: [org]\n${own}`, org })).toBe("deny never rule");
  });

  it("name the broader document where two are equally strict", () => {
    const org = ORG("[{ id: broad, action: purchase, effect: approve }]");
    const own = "rules: [{ id: narrow, action: purchase, effect: approve }]";
    expect(answer({ main: `extends: [org]\n${own}`, org })).toBe("approve broad rule");
  });

  it("are bound by the default of a broader document, and not by one that passes through", () => {
    expect(answer({ main: `extends: [org]\n${ALLOW}`, org: ORG("[]", "deny") })).toBe("deny default default");
    expect(answer({ main: `extends: [org]\n${ALLOW}`, org: ORG("[]") })).toBe("allow own rule");
    expect(answer({ main: "default: passthrough\nextends: [org]", org: ORG("[]") })).toBe("deny null default");
  });

  it("A-P5: order broader documents as listed, deeper ones first, each once", () => {
    const documents = {
      main: "default: passthrough\nextends: [group, org]\nrules: [{ id: m, action: purchase, effect: approve }]",
      group: "default: passthrough\nextends: [org]\nrules: [{ id: g, action: purchase, effect: approve }]",
      org: ORG("[{ id: o, action: purchase, effect: approve }]"),
    };
    expect(answer(documents)).toBe("approve o rule");
  });

  it("use the trust, the counterparty and the amounts that a broader document states", () => {
    const org = `id: org
default: passthrough
counterparties: [{ match: shop.example, trust: HIGH }]
tools: { purchase: { counterparty: input.shop } }`;
    const own = `rules: [{ id: trusted, action: purchase, when: 'counterparty.trust == "HIGH"', effect: allow }]`;
    expect(answer({ main: `extends: [org]\n${own}`, org }, { shop: "shop.example" })).toBe("allow trusted rule");
    expect(answer({ main: `extends: [org]\n${own}`, org }, { shop: "other.example" })).toBe("deny default default");
  });

  it("never believe a narrower document's trust in a broader document's rules", () => {
    const org = `id: org
default: passthrough
counterparties: []
tools: { purchase: { counterparty: input.shop } }
rules: [{ id: strangers, action: purchase, when: 'counterparty.trust != "HIGH"', effect: deny }]`;
    const own = "counterparties: [{ match: evil.example, trust: HIGH }]";
    expect(answer({ main: `extends: [org]\n${own}\n${ALLOW}`, org }, { shop: "evil.example" })).toBe(
      "deny strangers rule",
    );
  });
});

describe("an ask that could not be decided", () => {
  const asks = "default: passthrough\nrules: [{ id: a, action: purchase, when: input.n > 1, effect: approve }]";

  it("I6: raises what others say, and is no answer itself", () => {
    expect(answer({ main: asks }, { n: 2 })).toBe("approve a rule");
    expect(answer({ main: asks }, {})).toBe("deny null default");
    expect(answer({ main: `extends: [org]\n${asks}`, org: ORG("[]") }, {})).toBe("deny null default");
    expect(answer({ main: `extends: [org]\n${asks}`, org: ORG("[]", "allow") }, {})).toBe("approve a rule_unknown");
  });
});

describe("overridable rules", () => {
  const org = ORG("[{ id: ask, action: purchase, effect: approve, overridable: true }]");
  const own = (rules: string, fallback = "passthrough"): string =>
    `extends: [org]\ndefault: ${fallback}\nrules: ${rules}`;

  it("step back where a narrower document speaks", () => {
    expect(answer({ main: own("[{ id: a, action: purchase, effect: allow }]"), org })).toBe("allow a rule");
  });

  it("stand where the narrower document has only its default", () => {
    expect(answer({ main: own("[]"), org })).toBe("approve ask rule");
    expect(answer({ main: own("[]", "allow"), org })).toBe("approve ask rule");
  });

  it("I6: are firm while they are unknown", () => {
    const unsure = ORG("[{ id: ask, action: purchase, when: input.n > 1, effect: step_up, overridable: true }]");
    const main = own("[{ id: a, action: purchase, effect: allow }]");
    expect(answer({ main, org: unsure }, { n: 2 })).toBe("allow a rule");
    expect(answer({ main, org: unsure }, {})).toBe("step_up ask rule_unknown");
    const denial = ORG("[{ id: no, action: purchase, when: input.n > 1, effect: deny, overridable: true }]");
    expect(answer({ main, org: denial }, { n: 2 })).toBe("allow a rule");
    expect(answer({ main, org: denial }, {})).toBe("deny no rule_unknown");
  });

  it("I6: do not step back for an ask that could not be decided", () => {
    const denial = ORG("[{ id: no, action: purchase, effect: deny, overridable: true }]");
    const asks = own("[{ id: a, action: purchase, when: input.f == false, effect: approve }]", "allow");
    expect(answer({ main: asks, org: denial }, { f: false })).toBe("approve a rule");
    expect(answer({ main: asks, org: denial }, {})).toBe("deny no rule");
  });

  it("take nothing of themselves along where they step back", () => {
    const computing =
      ORG(`[{ id: ask, action: purchase, effect: approve, overridable: true, compute: { set: { n: "input.missing" } },
      obligations: [{ type: told }] }, { id: firm, action: purchase, effect: approve }]`);
    const { action, tool, facts } = sampleCall({});
    const policy = load({ main: own("[{ id: a, action: purchase, effect: allow }]"), org: computing });
    expect(policy.evaluate(action, tool, facts)).toMatchObject({ effect: "approve", rule: "firm", obligations: [] });
  });

  it("hide none of their document's firm rules", () => {
    const both = ORG(`[{ id: ask, action: purchase, when: input.n > 0, effect: approve, overridable: true },
      { id: prove, action: purchase, when: input.n > 1, effect: step_up }]`);
    const main = own("[{ id: a, action: purchase, effect: allow }]");
    expect(answer({ main, org: both }, { n: 2 })).toBe("step_up prove rule");
    expect(answer({ main: own("[]"), org: both }, { n: 2 })).toBe("step_up prove rule");
    expect(answer({ main: own("[]"), org: both }, { n: 1 })).toBe("approve ask rule");
  });

  it("do not stand on an allow", () => {
    expect(issuesOf({ main: "rules: [{ id: a, action: a, effect: allow, overridable: true }]" })).toEqual([
      "misplaced_key 2 an allow binds nobody, so there is nothing to override",
    ]);
  });
});

describe("what does not load", () => {
  it.each([
    ["a missing document", { main: "extends: [gone]" }, ["bad_extends 2 the document `gone` cannot be read"]],
    [
      "a ring",
      { main: "extends: [other]", other: "extends: [main]" },
      ["bad_extends 2 other:2:11 `main` extends itself in a ring"],
    ],
    [
      "a broader document with an issue",
      { main: "extends: [org]", org: "defualt: deny" },
      ["bad_extends 2 org:2:1 a policy has no key `defualt`"],
    ],
    [
      "a narrower layer as the broader one",
      { main: "layer: org\nextends: [agent]", agent: "layer: agent" },
      ["bad_extends 3 `agent` is of the layer agent, which is narrower than org"],
    ],
    [
      "an id that stands in two documents",
      { main: `extends: [org]\n${ALLOW}`, org: ORG("[{ id: own, action: purchase, effect: approve }]") },
      ["duplicate 2 the id `own` stands in two documents of this policy"],
    ],
  ])("A-P6, I11: %s", (_what, documents, expected) => {
    expect(issuesOf(documents as Readonly<Record<string, string>>)).toEqual(expected);
  });

  it("A-P6: any `extends` of a policy that is a bare text", () => {
    expect(checkPolicy("leash: 1\nextends: [./org.yaml]").map(({ code }) => code)).toEqual(["bad_extends"]);
  });
});

describe("the digest", () => {
  it("covers every document, and no tests", () => {
    const org = ORG("[{ id: ask, action: purchase, effect: approve }]");
    const digest = load({ main: `extends: [org]\n${ALLOW}`, org }).digest;
    expect(load({ main: `extends: [org]\n${ALLOW}`, org: org.replace("approve", "step_up") }).digest).not.toBe(digest);
    const tested = `tests: [{ call: { tool: purchase }, expect: approve }]\nextends: [org]\n${ALLOW}`;
    expect(load({ main: tested, org }).digest).toBe(digest);
  });
});

describe("mode", () => {
  const observed = ORG("[{ id: no, action: purchase, effect: deny }]").replace("id: org", "id: org\nmode: observe");

  it("I12: of a document: it takes no part and leaves a shadow", () => {
    const { action, tool, facts } = sampleCall();
    const policy = load({ main: `extends: [org]\n${ALLOW}`, org: observed });
    expect(policy.mode).toBe("enforce");
    expect(policy.evaluate(action, tool, facts)).toMatchObject({
      effect: "allow",
      rule: "own",
      shadow: { effect: "deny", rule: "no" },
    });
  });

  it("I12: of a rule: it takes no part and leaves a shadow only where it would have mattered", () => {
    const policy = load({
      main: `rules:
  - { id: new, action: purchase, when: input.n > 5, effect: deny, mode: observe }
  - { id: own, action: purchase, effect: allow }`,
    });
    const decide = (input: Json): unknown => {
      const { action, tool, facts } = sampleCall(input);
      const { effect, shadow } = policy.evaluate(action, tool, facts);
      return { effect, shadow };
    };
    expect(decide({ n: 6 })).toEqual({ effect: "allow", shadow: { effect: "deny", rule: "new" } });
    expect(decide({ n: 5 })).toEqual({ effect: "allow", shadow: undefined });
  });

  it("I12: of an allow: it lets nothing pass", () => {
    const main = "rules: [{ id: new, action: purchase, effect: allow, mode: observe }]";
    expect(answer({ main })).toBe("deny default default");
  });

  it("I12: is observe only where every document says so", () => {
    expect(load({ main: "mode: observe\nextends: [org]", org: observed }).mode).toBe("observe");
    expect(load({ main: "mode: observe\nextends: [org]", org: ORG("[]") }).mode).toBe("enforce");
    expect(load({ main: "mode: enforce" }).mode).toBe("enforce");
    expect(load({ main: "default: deny" }).mode).toBeUndefined();
    expect(answer({ main: "mode: observe\nextends: [org]", org: observed })).toBe("deny no rule");
  });
});
