import type { Effect } from "../../model/effect.ts";
import type { Json } from "../../model/json.ts";
import type { SideEffect } from "../../model/tool.ts";
import type { Place } from "../issues.ts";
import { describe, toJson } from "../located.ts";
import { block, listOf, oneOf, type Reader, type Shape, text, type Values, wholeNumber } from "../readers.ts";
import { effect } from "./effects.ts";
import { toolName } from "./names.ts";

export interface CaseCallForm {
  readonly tool: string;
  readonly input?: Json;
  readonly agent?: string;
  readonly subject?: string;
  readonly session?: string;
  readonly side_effect?: SideEffect;
}

export interface CaseFactsForm {
  readonly now?: number;
  readonly counterparty?: string;
  readonly probes?: Readonly<Record<string, Json>>;
}

export interface ExpectForm {
  readonly effect: Effect;
  readonly rule?: string;
  readonly reason_code?: string;
  readonly input?: Json;
}

export interface CaseForm {
  readonly name?: string;
  readonly call: Values<CaseCallForm>;
  readonly facts?: Values<CaseFactsForm>;
  readonly expect: Values<ExpectForm>;
}

/** One entry of `tests`: a call and what must become of it. */
export interface PolicyCase {
  readonly name: string;
  readonly call: Values<CaseCallForm> & { readonly tool: string };
  readonly facts: Values<CaseFactsForm>;
  readonly expect: Values<ExpectForm> & { readonly effect: Effect };
  readonly place: Place;
}

const json: Reader<Json> = (node) => toJson(node);

const probes: Reader<Readonly<Record<string, Json>>> = (node, report) => {
  if (node.kind === "map") return toJson(node) as Readonly<Record<string, Json>>;
  report("wrong_type", node.place, `\`probes\` must be a block of answers by need, not ${describe(node)}`);
  return undefined;
};

export const caseCallShape: Shape<CaseCallForm> = {
  what: "`call`",
  keys: {
    tool: toolName,
    input: json,
    agent: text("`agent`", 256),
    subject: text("`subject`", 256),
    session: text("`session`", 256),
    side_effect: oneOf("`side_effect`", ["none", "read", "write", "unknown"]),
  },
  required: ["tool"],
};

export const caseFactsShape: Shape<CaseFactsForm> = {
  what: "`facts`",
  keys: { now: wholeNumber("`now` (epoch milliseconds)", 0), counterparty: text("`counterparty`", 1000), probes },
};

const expected = effect("`effect`", ["allow", "approve", "step_up", "deny"]);

export const expectShape: Shape<ExpectForm> = {
  what: "`expect`",
  keys: { effect: expected, rule: text("`rule`", 300), reason_code: text("`reason_code`", 64), input: json },
  required: ["effect"],
};

const readExpected = block(expectShape);

/** An effect alone, or with what else must be so. */
const expectation: Reader<Values<ExpectForm>> = (node, report) => {
  if (node.kind === "map") return readExpected(node, report)?.values;
  const meaning = effect("`expect`", ["allow", "approve", "step_up", "deny"])(node, report);
  return meaning === undefined ? undefined : { effect: meaning };
};

function valuesOf<T>(shape: Shape<T>): Reader<Values<T>> {
  const read = block(shape);
  return (node, report) => read(node, report)?.values;
}

export const caseShape: Shape<CaseForm> = {
  what: "a test",
  keys: {
    name: text("`name`", 200),
    call: valuesOf(caseCallShape),
    facts: valuesOf(caseFactsShape),
    expect: expectation,
  },
  required: ["call", "expect"],
};

const readShape = block(caseShape);

const readCase: Reader<PolicyCase> = (node, report) => {
  const found = readShape(node, report);
  if (found === undefined) return undefined;
  const { name, call, facts = {}, expect } = found.values;
  if (call?.tool === undefined || expect?.effect === undefined) return undefined;
  return {
    name: name ?? `${call.tool} ${JSON.stringify(call.input ?? {})}`.slice(0, 200),
    call: { ...call, tool: call.tool },
    facts,
    expect: { ...expect, effect: expect.effect },
    place: found.place,
  };
};

/** Reads `tests`. */
export const cases: Reader<readonly PolicyCase[]> = listOf("`tests`", readCase);
