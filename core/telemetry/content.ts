import { canonicalText } from "../canonical.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { Redaction } from "../model/redaction.ts";
import { redact, redactOutput } from "../recording/redact.ts";

/** The longest text of arguments or results in a span, in UTF-16 units. */
const MOST_CHARACTERS = 4_096;

const REDACTED = "[redacted]";

/** Arguments and a result as a span may carry them. */
export interface Content {
  readonly input: string;
  /** What is not plain JSON is told by its type alone; what repeats something redacted, not at all. */
  result(value: unknown): string;
}

/** What is redacted is replaced, by the same mark whatever it was. Texts are cut at 4,096 characters. */
export function contentOf(input: Json, { input: pointers, output }: Redaction): Content {
  const redacted = redact(input, pointers, blot);
  return {
    input: cut(JSON.stringify(redacted.input)),
    result(value) {
      const text = plainText(value);
      if (text === undefined) return `[${typeof value}]`;
      if (redacted.values.length === 0 && output.length === 0) return cut(text);
      const result = redactOutput(JSON.parse(text) as Json, { pointers: output, secret: redacted.values, blot });
      // One mark in the place of all of it.
      return isMark(result.output) ? REDACTED : cut(JSON.stringify(result.output));
    },
  };
}

const MARK: JsonObject = { redacted: true };
const blot = (): JsonObject => MARK;
const isMark = (value: Json): boolean => value === MARK;

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
