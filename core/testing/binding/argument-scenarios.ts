import type { Action } from "../../model/call.ts";
import type { Json } from "../../model/json.ts";
import type { BindingFeature, ProposedCall } from "./binding.ts";
import { SETTING, type Scenario } from "./scenario.ts";
import { turn } from "./stories.ts";

const scenario = (name: string, call: ProposedCall, rest: Partial<Scenario>): Scenario => ({
  name,
  needs: [],
  setting: SETTING,
  story: turn(call),
  ends: ["nothing"],
  runs: 0,
  // A host may refuse arguments before its tools, and so before the gate, is asked.
  records: "the host's own",
  ...rest,
});

const text = (tool: string, written: string): ProposedCall => ({ id: "call-1", tool, arguments: written });

/** Arguments by schema: filled in before the policy looks, or refused. */
export function argumentScenarios(): readonly Scenario[] {
  return [...wellFormed(), ...wrong(), ...notText(), ...unknownTools()];
}

function wellFormed(): readonly Scenario[] {
  const same = { ends: ["result"], runs: 1, records: "same" } as const;
  return [
    scenario("a schema's default is seen by the policy and by the tool", text("rent", '{"item":"boat"}'), {
      ...same,
      setting: { ...SETTING, answer: (action) => (member(action, "days") === 2 ? "allow" : "deny") },
    }),
    scenario("a stated value wins over the default", text("rent", '{"item":"boat","days":9}'), {
      ...same,
      setting: { ...SETTING, answer: (action) => (member(action, "days") === 9 ? "allow" : "deny") },
    }),
    scenario("another way to write the same", text("buy", '{ "amount": 5.0, "item": "\\u0074ea" }'), same),
    scenario("members in another order", text("buy", '{"item":"tea","amount":5}'), same),
    scenario("an item in another script", text("buy", '{"item":"чай ☕ 茶","amount":0.1}'), same),
    scenario("an item in capitals, with spaces around it", text("buy", '{"item":" Green\\tTEA  ","amount":5}'), same),
    scenario("an empty item", text("buy", '{"item":"","amount":0}'), same),
  ];
}

function member({ input }: Action, name: string): Json | undefined {
  return typeof input === "object" && input !== null && !Array.isArray(input)
    ? (input as Readonly<Record<string, Json>>)[name]
    : undefined;
}

function wrong(): readonly Scenario[] {
  return [
    scenario("an argument of the wrong type", text("buy", '{"item":"tea","amount":"five"}'), {}),
    scenario("two arguments of the wrong type", text("buy", '{"item":42,"amount":"x"}'), {}),
    scenario("a missing argument", text("buy", '{"item":"tea"}'), {}),
    scenario("no arguments where some are required", text("buy", "{}"), {}),
    scenario("a null argument", text("buy", '{"item":null,"amount":5}'), {}),
    scenario("a fraction where an integer is required", text("rent", '{"item":"boat","days":1.5}'), {}),
    scenario("an argument that the schema does not know", text("buy", '{"item":"tea","amount":5,"to":"eve"}'), {
      ends: ["anything"],
      runs: [0, 1],
      never: (input) => input.includes("eve"),
    }),
  ];
}

/** Text that is no JSON object, or one that two readers read differently. */
function notText(): readonly Scenario[] {
  const needs: readonly BindingFeature[] = ["argument text"];
  const cases: readonly (readonly [string, string])[] = [
    ["text that is no JSON", "item tea"],
    ["text that was cut off", '{"item":"tea","amou'],
    ["two values one after the other", '{"item":"tea","amount":1}{"item":"tea","amount":2}'],
    ["a member that occurs twice", '{"item":"tea","amount":1,"amount":100000}'],
    ["a list", '["tea",5]'],
    ["a text", '"tea"'],
    ["null", "null"],
    ["a member named __proto__", '{"item":"tea","amount":5,"__proto__":{"amount":1}}'],
    ["an integer that doubles cannot hold", '{"item":"tea","amount":9007199254740993}'],
    ["no text at all, where arguments are required", ""],
  ];
  return cases.map(([name, written]) => scenario(`arguments: ${name}`, text("buy", written), { needs }));
}

function unknownTools(): readonly Scenario[] {
  const needs: readonly BindingFeature[] = ["unknown tools"];
  return ["sell", "constructor", "__proto__", "toString", "Buy", "buy "].map((tool) =>
    scenario(`a tool that there is not: ${JSON.stringify(tool)}`, text(tool, '{"item":"tea","amount":5}'), { needs }),
  );
}
