import type { Obligation } from "../../model/decision.ts";
import type { JsonObject } from "../../model/json.ts";
import { describe, toJson } from "../located.ts";
import { block, listOf, oneOf, type Reader, type Shape } from "../readers.ts";

export interface ObligationForm {
  readonly type: string;
  readonly at?: "before" | "after";
  readonly params?: JsonObject;
}

const TYPE = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

/** A word; that somebody fulfils it is asked where the policy is put to use. */
const type: Reader<string> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  if (typeof value === "string" && TYPE.test(value)) return value;
  report("bad_name", node.place, "an obligation's type is a word such as notify_security");
  return undefined;
};

const params: Reader<JsonObject> = (node, report) => {
  if (node.kind === "map") return toJson(node) as JsonObject;
  report("wrong_type", node.place, `\`params\` must be a block of keys, not ${describe(node)}`);
  return undefined;
};

export const obligationShape: Shape<ObligationForm> = {
  what: "an obligation",
  keys: { type, at: oneOf("`at`", ["before", "after"]), params },
  required: ["type"],
};

const read = listOf("`obligations`", block(obligationShape));

/** What must be done before or after the run. `at` is `before` where nothing is said. */
export const obligations: Reader<readonly Obligation[]> = (node, report) =>
  read(node, report)?.flatMap(({ values }) =>
    values.type === undefined ? [] : [{ type: values.type, at: values.at ?? "before", params: values.params ?? {} }],
  );
