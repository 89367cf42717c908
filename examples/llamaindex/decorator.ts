import { createLeash } from "@leashkit/core";
import { leashed, toolsFrom } from "@leashkit/llamaindex";
import { extractText } from "@llamaindex/core/utils";
import { agent } from "@llamaindex/workflow";
import { z } from "zod";
import { llm } from "./model.ts";

const leash = await createLeash({ policy: "leash.yaml" });

// #region decorator
class Shop {
  readonly #orders: Readonly<Record<string, string>> = { "A-17": "one lamp, $80.00, arrived broken" };

  @leashed({
    leash,
    name: "look_up_order",
    description: "Look up an order.",
    parameters: z.object({ order: z.string() }),
  })
  async lookUp({ order }: { order: string }): Promise<string> {
    return `Order ${order}: ${this.#orders[order] ?? "unknown"}.`;
  }

  @leashed({
    leash,
    description: "Refund part or all of an order.",
    parameters: z.object({ order: z.string(), amount_minor: z.int() }),
  })
  async refund({ order, amount_minor }: { order: string; amount_minor: number }): Promise<string> {
    return `Refunded $${(amount_minor / 100).toFixed(2)} for ${order}.`;
  }
}

const workflow = agent({ llm, tools: toolsFrom(new Shop()) });
// #endregion

const { data } = await workflow.run("Order A-17 arrived broken. Please refund it.");
process.stdout.write(`${extractText(data.result)}\n`);
await leash.close();
