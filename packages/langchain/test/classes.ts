import { StructuredTool, Tool } from "@langchain/core/tools";
import { z } from "zod";

/** Coerces and fills in, so that parsed arguments differ from the model's. */
export const coercing = z.object({ a: z.coerce.number(), b: z.string().default("x") });

export class ClassTool extends StructuredTool {
  name = "t_class";
  description = "d";
  schema = coercing;
  readonly work: (input: unknown) => string;
  constructor(work: (input: unknown) => string) {
    super();
    this.work = work;
  }
  override async _call(input: unknown): Promise<string> {
    return this.work(input);
  }
  ownMember(): string {
    return "own";
  }
}

export class TextTool extends Tool {
  name = "t_text_class";
  description = "d";
  readonly work: (input: unknown) => string;
  constructor(work: (input: unknown) => string) {
    super();
    this.work = work;
  }
  override async _call(input: string): Promise<string> {
    return this.work(input);
  }
}

export class PrivateTool extends StructuredTool {
  name = "t_private";
  description = "d";
  schema = coercing;
  readonly #work: (input: unknown) => string;
  constructor(work: (input: unknown) => string) {
    super();
    this.#work = work;
  }
  override async _call(input: unknown): Promise<string> {
    return this.#work(input);
  }
  secretLength(): number {
    return this.#work.length;
  }
}
