import { canonicalText } from "../canonical.ts";
import type { Json } from "../model/json.ts";
import { redact, repeats } from "../recording/redact.ts";

/** The longest text of arguments or results in a span, in UTF-16 units. */
const MOST_CHARACTERS = 4_096;

const REDACTED = "[redacted]";

/** Arguments and a result as a span may carry them. */
export interface Content {
  readonly input: string;
  /** What is not plain JSON is told by its type alone; what repeats something redacted, not at all. */
  result(value: unknown): string;
}

/** @param pointers what is redacted; `*` stands for any member. Texts are cut at 4,096 characters. */
export function contentOf(input: Json, pointers: readonly string[]): Content {
  const redacted = redact(input, pointers, () => ({ redacted: true }));
  return {
    input: cut(JSON.stringify(redacted.input)),
    result(value) {
      const text = plainText(value);
      if (text === undefined) return `[${typeof value}]`;
      return repeats(text, redacted.values) ? REDACTED : cut(text);
    },
  };
}

function plainText(value: unknown): string | undefined {
  try {
    return canonicalText(value);
  } catch {
    return undefined;
  }
}

function cut(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}
