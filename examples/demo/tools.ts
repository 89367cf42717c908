import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { currentPermit, NoEffect } from "@leashkit/core";
import axios from "axios";
import { tool } from "langchain";
import { z } from "zod";
import { appendLine, dollars, orderSchema } from "./orders.ts";

export interface ToolsOptions {
  /** Where each merchant takes orders, by domain. */
  readonly merchants: Readonly<Record<string, string>>;
  /** The only folder the agent may write in. */
  readonly workspace: string;
  /** JSONL file in which the file writer keeps the proofs for what it wrote. */
  readonly writtenFiles: string;
}

/** The agent's tools, as anybody would write them for LangChain. The permit is the only trace of the leash. */
export function shoppingTools({ merchants, workspace, writtenFiles }: ToolsOptions) {
  const purchase = tool(
    async (order) => {
      const url = merchants[order.merchant_domain];
      if (url === undefined) throw new NoEffect(`No shop is known at ${order.merchant_domain}.`);
      const permit = currentPermit();
      const response = await axios.post<{ readonly message: string }>(url, order, {
        headers: { authorization: `Bearer ${permit?.proof ?? ""}`, "idempotency-key": permit?.idempotencyKey ?? "" },
        proxy: false,
        validateStatus: () => true,
      });
      if (response.status !== 201) throw new NoEffect(`The shop refused: ${response.data.message}`);
      return `${response.data.message} for ${dollars(order.amount_minor)}.`;
    },
    { name: "purchase", description: "Order one item from a merchant.", schema: orderSchema },
  );

  const writeTextFile = tool(
    async ({ path, text }) => {
      const file = resolve(workspace, path);
      if (relative(workspace, file).split(sep)[0] === "..") throw new NoEffect("The path leaves the workspace.");
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
      appendLine(writtenFiles, { input: { path, text }, writtenAt: Date.now(), proof: currentPermit()?.proof ?? "" });
      return `Wrote ${join(".", relative(workspace, file))}.`;
    },
    {
      name: "write_file",
      description: "Write a text file in the workspace.",
      schema: z.strictObject({ path: z.string().min(1), text: z.string() }),
    },
  );

  return [purchase, writeTextFile] as const;
}
