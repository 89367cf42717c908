import { describe, expect, it } from "vitest";
import type { Json } from "../model/json.ts";
import { decide } from "./call.fixture.ts";
import { loadPolicy } from "./load.ts";
import { sampleCall } from "./call.fixture.ts";

const rule = (compute: string, more = ""): string =>
  `rules: [{ id: r, action: "*", effect: allow, compute: ${compute}${more} }]`;

const transformed = (compute: string, input: Json): unknown => decide(rule(compute), input).transform;

describe("a computed form", () => {
  it.each<[what: string, compute: string, input: Json, expected: Json]>([
    ["a bound", '{ set: { limit: "min(input.limit, 100)" } }', { limit: 500, q: "x" }, { limit: 100, q: "x" }],
    ["a literal", "{ set: { limit: 100, dry: true } }", { limit: 500 }, { limit: 100, dry: true }],
    ["a text", `{ set: { path: "'/staging' + input.path" } }`, { path: "/a" }, { path: "/staging/a" }],
    [
      "a member below",
      '{ set: { options.limit: "5" } }',
      { options: { limit: 9, a: 1 } },
      { options: { limit: 5, a: 1 } },
    ],
    ["a member that was not there", '{ set: { a.b.c: "1" } }', {}, { a: { b: { c: 1 } } }],
    ["a removed member", "{ remove: [bcc, headers.x] }", { bcc: "e", headers: { x: 1, y: 2 } }, { headers: { y: 2 } }],
    ["two that see the call as it was", '{ set: { a: "input.b", b: "input.a" } }', { a: 1, b: 2 }, { a: 2, b: 1 }],
    ["a member called constructor", '{ set: { constructor: "1" } }', {}, { constructor: 1 }],
  ])("holds %s", (_what, compute, input, expected) => {
    expect(transformed(compute, input)).toEqual({ tool: "purchase", input: expected });
  });

  it("is none where it changes nothing", () => {
    expect(transformed('{ set: { limit: "min(input.limit, 100)" } }', { limit: 7 })).toBeNull();
    expect(transformed("{ remove: [bcc] }", {})).toBeNull();
  });

  it("may be another tool", () => {
    expect(transformed("{ tool: purchase.preview }", { a: 1 })).toEqual({ tool: "purchase.preview", input: { a: 1 } });
  });

  it.each<[what: string, compute: string, input: Json]>([
    ["a missing member", '{ set: { limit: "min(input.limit, 100)" } }', {}],
    ["a member of the wrong type", '{ set: { limit: "min(input.limit, 100)" } }', { limit: "500" }],
    ["a value that is no JSON", '{ set: { at: "now" } }', {}],
    ["a number that JSON cannot hold exactly", '{ set: { n: "input.n * 9007199254740991" } }', { n: 3 }],
    ["a step that is no block", '{ set: { a.b: "1" } }', { a: [1] }],
  ])("I4: is a denial for %s", (_what, compute, input) => {
    expect(decide(rule(compute), input)).toMatchObject({
      effect: "deny",
      reasonCode: "compute_unknown",
      transform: null,
    });
  });

  it("comes with the effect that its rule has, and with none that denies", () => {
    const asked = rule("{ set: { limit: 1 } }").replace("allow", "approve");
    expect(decide(asked, { limit: 5 })).toMatchObject({ effect: "approve", transform: { input: { limit: 1 } } });
    const denied = `rules:
  - { id: no, action: "*", when: input.limit > 3, effect: deny }
  - { id: r, action: "*", effect: COMPUTE, compute: { set: { limit: 1 } } }`;
    expect(decide(denied, { limit: 5 })).toMatchObject({ effect: "deny", transform: null });
  });

  it("keeps with an unknown ask that outweighs its rule", () => {
    const policy = `rules:
  - { id: ask, action: "*", when: input.missing == 1, effect: approve }
  - { id: cap, action: "*", effect: allow, compute: { set: { limit: 1 } } }`;
    expect(decide(policy, { limit: 5 })).toMatchObject({
      effect: "approve",
      rule: "ask",
      transform: { input: { limit: 1 } },
    });
  });

  it("lets guards and limits look at the changed form only", () => {
    const policy = `tools: { purchase: { allowed_recipients: ["*@example.com"], recipients: input.to } }
${rule(`{ set: { to: "'ann@example.com'" } }`)}`;
    expect(decide(policy, { to: "eve@evil.example" })).toMatchObject({
      effect: "allow",
      transform: { input: { to: "ann@example.com" } },
    });
    expect(decide(policy, { to: "ann@example.com" })).toMatchObject({ effect: "allow", transform: null });
  });

  it("A-P5: is the broadest document's first where several compute", () => {
    const org =
      "leash: 1\nid: org\ndefault: passthrough\nrules: [{ id: o, action: '*', effect: allow, compute: { set: { a: 1 } } }]";
    const policy = loadPolicy(`leash: 1\nextends: [org]\n${rule("{ set: { b: 1 } }")}`, {
      resolve: () => ({ text: org, origin: "org" }),
    });
    const transformOf = (input: Json): unknown => {
      const { action, tool, facts } = sampleCall(input);
      return policy.evaluate(action, tool, facts).transform?.input;
    };
    expect(transformOf({})).toEqual({ a: 1 });
    expect(transformOf({ a: 1 })).toEqual({ a: 1, b: 1 });
    expect(transformOf({ a: 1, b: 1 })).toBeUndefined();
  });
});
