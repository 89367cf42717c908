import type { Json } from "../model/json.ts";
import type { Permit } from "../model/permit.ts";

/** One effect that a tool had. */
export interface Order {
  readonly input: Json;
  readonly permit: Permit;
}

/** A tool with an effect that can be counted. */
export interface CountingShop {
  /** Every effect so far, in order. */
  readonly orders: readonly Order[];
  /** For `leash.guard`: books and returns the order's number. */
  readonly buy: (input: Json, permit: Permit) => Promise<{ readonly order: number }>;
}

/** A shop in memory. `during` runs inside the tool, before its effect: throw, wait or abort there. */
export function countingShop(during: (order: Order) => void | Promise<void> = () => undefined): CountingShop {
  const orders: Order[] = [];
  return {
    orders,
    async buy(input, permit) {
      await during({ input, permit });
      orders.push({ input, permit });
      return { order: orders.length };
    },
  };
}
