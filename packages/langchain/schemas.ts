import { interopSafeParse, isInteropZodSchema } from "@langchain/core/utils/types";

/** True for the schema that LangChain gives to tools of one text: it turns `{ input: text }` into the text. */
export function takesText(schema: unknown): boolean {
  return isInteropZodSchema(schema) && interopSafeParse(schema, { input: "text" }).data === "text";
}
