import { celList, celMap, type CelInput, type CelMap } from "@bufbuild/cel";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Action } from "../../model/call.ts";
import type { Counterparty } from "../../model/decision.ts";
import type { Facts } from "../../model/facts.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { ToolSpec } from "../../model/tool.ts";

/** Used so far, the cap, and what is left of it: whole numbers of at least 0. */
export type LimitStandings = Readonly<
  Record<string, { readonly used: number; readonly max: number; readonly left: number }>
>;

/** What a condition can know: one call, whom it deals with and what it costs. */
export interface CallInView {
  readonly action: Action;
  readonly tool: ToolSpec;
  readonly facts: Facts;
  /** May be a getter: read only where a condition needs it. */
  readonly counterparty: Counterparty | null;
  /** Amount in minor units. May be a getter: read only where a condition needs it. */
  readonly money: { readonly amount: number; readonly currency: string } | null;
  /** What the limits on the call stand at, by id. May be a getter; absent where there is none. */
  readonly limits?: LimitStandings;
  /** Filled by the first condition that CEL's library decides, for the others of the same call. Undefined at the start. */
  bindings: Bindings | undefined;
}

/**
 * How each variable is made of a call. What the call does not have is undefined, so that a condition that uses it is unknown.
 */
const MAKERS = {
  input: ({ action }) => toCel(action.input),
  tool: ({ tool: { id, origin, sideEffect, idempotent } }) =>
    objectToCel({ name: id, origin, side_effect: sideEffect, idempotent }),
  agent: ({ action }) => action.principal.agent,
  subject: ({ action }) => action.principal.subject,
  session: ({ action }) => action.session ?? undefined,
  counterparty: ({ counterparty }) => mapOrNothing(counterparty, ["id", "trust"]),
  money: ({ money }) => mapOrNothing(money, ["amount", "currency"]),
  now: ({ facts: { now } }) => (Number.isSafeInteger(now) ? timestampFromMs(now) : undefined),
  labels: ({ action }) => objectToCel(action.labels),
  limits: ({ limits = {} }) => objectToCel(limits),
} as const satisfies Readonly<Record<string, (call: CallInView) => CelInput | undefined>>;

export type Variable = keyof typeof MAKERS;

/** What a condition can speak of. */
export const VARIABLES: readonly string[] = Object.keys(MAKERS);

/** Members of the variables whose members are known; a condition that names another one does not load. */
export const MEMBERS: ReadonlyMap<string, readonly string[]> = new Map([
  ["tool", ["name", "origin", "side_effect", "idempotent"]],
  ["counterparty", ["id", "trust"]],
  ["money", ["amount", "currency"]],
  ["agent", []],
  ["subject", []],
  ["session", []],
]);

/** The variables of one call, as far as some condition needed them. */
export type Bindings = Record<string, CelInput>;

export function isVariable(name: string): name is Variable {
  return Object.hasOwn(MAKERS, name);
}

/** The variables of a call for CEL's library; those named are there, as far as the call has them. */
export function bindingsOf(call: CallInView, variables: readonly Variable[]): Bindings {
  const bindings = (call.bindings ??= createBindings());
  for (const name of variables) {
    const made = bindings[name] ?? MAKERS[name](call);
    if (made !== undefined) bindings[name] = made;
  }
  return bindings;
}

/** No prototype: a condition's names must find variables and nothing else. */
function createBindings(): Bindings {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.create is typed any
  return Object.create(null) as Bindings;
}

function mapOrNothing<Name extends string>(
  value: Readonly<Record<Name, Json>> | null,
  names: readonly Name[],
): CelMap | undefined {
  return value === null ? undefined : objectToCel(Object.fromEntries(names.map((name) => [name, value[name]])));
}

/** JSON as CEL sees it: safe integers are ints, other numbers doubles. */
function toCel(value: Json): CelInput {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value !== "object" || value === null) return value;
  return isList(value) ? celList(value.map(toCel)) : objectToCel(value);
}

function isList(value: readonly Json[] | JsonObject): value is readonly Json[] {
  return Array.isArray(value);
}

/** A map of an object's own members; a Map underneath, so that `constructor` is a name like any other. */
function objectToCel(object: JsonObject): CelMap {
  const members = new Map<string, CelInput>();
  for (const name of Object.keys(object)) members.set(name, toCel(object[name] ?? null));
  return Object.assign(celMap(members), PRESENCE);
}

/** The library's own `has` says false for a member that is null, which CEL and JSON call present. */
const PRESENCE: Pick<CelMap, "has"> = {
  has(this: CelMap, key) {
    return this.get(key) !== undefined;
  },
};
