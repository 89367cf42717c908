import { HARMLESS_VARIABLES, VEHICLE_VARIABLES } from "./grammars/denied.table.ts";
import type { Word } from "./line.ts";

const HARMLESS = new Set(HARMLESS_VARIABLES);
const VEHICLES = VEHICLE_VARIABLES.filter((name) => !name.endsWith("*"));
const VEHICLE_STARTS = VEHICLE_VARIABLES.filter((name) => name.endsWith("*")).map((name) => name.slice(0, -1));

/** What setting a variable can do: nothing but change what is shown, choose what is run, or nobody knows what. */
export function variableKind(assignment: Word): "harmless" | "vehicle" | "unknown" {
  const name = assignment.text.slice(0, assignment.text.indexOf("=")).replace(/\+$/, "");
  if (HARMLESS.has(name)) return "harmless";
  const upper = name.toUpperCase();
  const vehicle = VEHICLES.includes(upper) || VEHICLE_STARTS.some((start) => upper.startsWith(start));
  return vehicle ? "vehicle" : "unknown";
}
