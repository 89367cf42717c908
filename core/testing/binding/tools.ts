import type { JsonObject } from "../../model/json.ts";
import type { SuiteTool } from "./binding.ts";
import type { Behaviour } from "./scenario.ts";

/** What happens inside the tools. */
export interface Work {
  readonly behaviour: Behaviour;
  /** Told of every run before anything else. */
  started(tool: string, input: unknown): void;
  /** The work of `plan`: a sub-agent that makes calls of its own. */
  delegate(): Promise<string>;
  /** Pauses the turn from inside the tool, the first time. */
  pause(): Promise<void>;
}

const object = (properties: JsonObject, required: readonly string[]): JsonObject => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});

/** The tools of every scenario: one that buys, one with a default, one that hands work to a sub-agent. */
export function suiteTools(work: Work): readonly SuiteTool[] {
  let purchases = 0;
  return [
    {
      name: "buy",
      description: "Buys an item.",
      parameters: object({ item: { type: "string" }, amount: { type: "number" } }, ["item", "amount"]),
      async run(input) {
        work.started("buy", input);
        purchases += 1;
        const closed = work.behaviour === "throws" || (work.behaviour === "throws at first" && purchases === 1);
        if (closed) throw new Error(SHOP_CLOSED);
        if (work.behaviour === "pauses once") await work.pause();
        return work.behaviour === "returns an error" ? "Error: sold out" : `bought ${told(input)}`;
      },
    },
    {
      name: "rent",
      description: "Rents an item for some days.",
      parameters: object({ item: { type: "string" }, days: { type: "integer", default: 2 } }, ["item"]),
      async run(input) {
        work.started("rent", input);
        return `rented ${told(input)}`;
      },
    },
    {
      name: "plan",
      description: "Hands the work to another agent.",
      parameters: object({ goal: { type: "string" } }, ["goal"]),
      async run(input) {
        work.started("plan", input);
        return work.delegate();
      },
    },
  ];
}

export const SHOP_CLOSED = "the shop is closed";

/** The input as the tool saw it, in words that no host changes. */
export function told(input: unknown): string {
  const members = typeof input === "object" && input !== null ? Object.entries(input) : [["input", input] as const];
  return members
    .map(([name, value]) => `${name}=${String(value)}`)
    .toSorted()
    .join(" ");
}
