import type { Json } from "../../../model/json.ts";
import type { CallInView, Variable } from "../bindings.ts";
import type { Path } from "../cel/syntax.ts";
import { isMap, memberOf } from "./values.ts";

/** True, false, or undefined for *unknown*: an error, a missing member, a value that is no boolean. */
export type Holds = (call: CallInView) => boolean | undefined;

/** A value, or undefined for *unknown*. */
export type ReadValue = (call: CallInView) => Json | undefined;

/** A compiled expression. */
export type Term =
  | { readonly kind: "constant"; readonly value: Json }
  | { readonly kind: "boolean"; readonly read: Holds }
  | { readonly kind: "value"; readonly read: ReadValue };

export function constant(value: Json): Term {
  return { kind: "constant", value };
}

export function boolean(read: Holds): Term {
  return { kind: "boolean", read };
}

export function anyValue(read: ReadValue): Term {
  return { kind: "value", read };
}

export function readerOf(term: Term): ReadValue {
  if (term.kind !== "constant") return term.read;
  const { value: fixed } = term;
  return () => fixed;
}

/** A term where true or false is wanted: every other value is an error. */
export function holdsOf(term: Term): Holds {
  if (term.kind === "boolean") return term.read;
  if (term.kind === "constant") {
    const fixed = typeof term.value === "boolean" ? term.value : undefined;
    return () => fixed;
  }
  const { read } = term;
  return (call) => {
    const found = read(call);
    return typeof found === "boolean" ? found : undefined;
  };
}

/** `now` is no JSON. */
const VARIABLE_READERS: Readonly<Record<Exclude<Variable, "now">, ReadValue>> = {
  input: ({ action }) => action.input,
  tool: ({ tool: { id, origin, sideEffect, idempotent } }) => ({
    name: id,
    origin,
    side_effect: sideEffect,
    idempotent,
  }),
  agent: ({ action }) => action.principal.agent,
  subject: ({ action }) => action.principal.subject,
  session: ({ action }) => action.session ?? undefined,
  counterparty: ({ counterparty }) =>
    counterparty === null ? undefined : { id: counterparty.id, trust: counterparty.trust },
  money: ({ money }) => (money === null ? undefined : { amount: money.amount, currency: money.currency }),
  labels: ({ action }) => action.labels,
  limits: ({ limits = {} }) => limits,
};

const MEMBER_READERS: ReadonlyMap<string, ReadValue> = new Map<string, ReadValue>([
  ["tool.name", ({ tool }) => tool.id],
  ["tool.origin", ({ tool }) => tool.origin],
  ["tool.side_effect", ({ tool }) => tool.sideEffect],
  ["tool.idempotent", ({ tool }) => tool.idempotent],
  ["counterparty.id", ({ counterparty }) => counterparty?.id],
  ["counterparty.trust", ({ counterparty }) => counterparty?.trust],
  ["money.amount", ({ money }) => money?.amount],
  ["money.currency", ({ money }) => money?.currency],
]);

/** Reads a variable, or a member below one; undefined where the variable's values are no JSON. */
export function pathReader({ variable, steps }: Path): ReadValue | undefined {
  if (!Object.hasOwn(VARIABLE_READERS, variable)) return undefined;
  const whole = VARIABLE_READERS[variable as keyof typeof VARIABLE_READERS];
  const [first, second] = steps;
  if (first === undefined) return whole;
  const known = MEMBER_READERS.get(`${variable}.${first}`);
  const base = known === undefined ? whole : known;
  const rest = known === undefined ? steps : steps.slice(1);
  if (rest.length === 0) return base;
  if (base === VARIABLE_READERS.input && second === undefined) return inputMember(first);
  return below(base, rest);
}

/** The commonest of all: a member of the input itself. */
function inputMember(name: string): ReadValue {
  return (call) => {
    const { input } = call.action;
    return isMap(input) && Object.hasOwn(input, name) ? input[name] : undefined;
  };
}

/** Reads a member of a member … of what another reader gives. */
export function below(base: ReadValue, steps: readonly string[]): ReadValue {
  const [first = "", second] = steps;
  if (second === undefined) return (call) => memberOf(base(call), first);
  if (steps.length === 2) return (call) => memberOf(memberOf(base(call), first), second);
  return (call) => steps.reduce<Json | undefined>(memberOf, base(call));
}
