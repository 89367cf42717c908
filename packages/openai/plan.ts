import { randomUUID } from "node:crypto";
import { LeashError } from "@leashkit/core";
import type { Call } from "./call.ts";
import { markFault } from "./faults.ts";
import { own } from "./members.ts";
import { normalise } from "./normalise.ts";
import type { SuspendedCall } from "./suspension.ts";

/** A call, and the failure that an earlier run of the same turn met. */
export interface Planned {
  readonly call: Call;
  readonly failure: string | undefined;
}

/**
 * The calls among the items of a model's answer, each with an id of its own.
 * @throws {LeashError} `LEASH_INPUT_INVALID` for a call that JSON cannot carry.
 */
export function planOf(items: readonly unknown[]): readonly Planned[] {
  const answered = new Set(items.map(answeredId));
  const plan = items.flatMap((item) => planned(item, undefined));
  return prepared(plan.filter(({ call: { id } }) => id === undefined || !answered.has(id)));
}

/** The calls of a suspended turn. What was wrong with one of them is not looked for anew. */
export function planAgain(calls: readonly SuspendedCall[]): readonly Planned[] {
  return prepared(
    calls.flatMap(({ item, problem, failure }) =>
      planned(problem === undefined ? item : markFault(item, problem), failure),
    ),
  );
}

function planned(item: unknown, failure: string | undefined): readonly Planned[] {
  const call = typeof item === "object" && item !== null ? normalise(item) : undefined;
  return call === undefined ? [] : [{ call, failure }];
}

/** Providers that run a call themselves may send its output along: it is not to be run, or answered, again. */
function answeredId(item: unknown): unknown {
  const type = own(item, "type");
  if (type === "mcp_approval_response") return own(item, "approval_request_id");
  return typeof type === "string" && type.endsWith("_call_output")
    ? (own(item, "call_id") ?? own(item, "id"))
    : undefined;
}

/** What becomes of an item while its turn runs, in the conversation or in a tool, changes neither its answer nor a suspension. */
function prepared(plan: readonly Planned[]): readonly Planned[] {
  return withIds(plan).map(({ call, failure }) => ({ call: { ...call, item: copyOf(call.item) }, failure }));
}

/** A copy that nothing else changes. What the client's own helpers made of the arguments is left out: it may be anything. */
function copyOf(item: object): object {
  const holders: readonly unknown[] = [item, own(item, "function")];
  try {
    const json = JSON.stringify(item, function (this: unknown, key: string, value: unknown) {
      return key === "parsed_arguments" && holders.includes(this) ? undefined : value;
    });
    return JSON.parse(json) as object;
  } catch (cause) {
    throw new LeashError(
      "LEASH_INPUT_INVALID",
      "The turn was not run: one of its items is not plain JSON. Pass the model's items as they came.",
      { cause },
    );
  }
}

/** Every output names a call: the missing ids are made up, as the client's own helpers do, and what has no id of its own is refused. */
function withIds(plan: readonly Planned[]): readonly Planned[] {
  const counts = new Map<string, number>();
  for (const { call } of plan) if (call.id !== undefined) counts.set(call.id, (counts.get(call.id) ?? 0) + 1);
  return plan.map(({ call, failure }) => {
    if (call.id === undefined) return { call: nameCall(call), failure };
    const repeated = (counts.get(call.id) ?? 0) > 1;
    return { call: repeated ? { ...call, problem: "several calls have this id" } : call, failure };
  });
}

function nameCall(call: Call): Call {
  if (call.kind === "mcp_approval") return call;
  markFault(call.item, call.problem ?? "the call has no id");
  const id = `call_${randomUUID()}`;
  return Reflect.set(call.item, call.api === "chat" ? "id" : "call_id", id) ? { ...call, id } : call;
}
