import { canonicalText, type Json, type ResultCodec } from "@leashkit/core";
import { own } from "./members.ts";

/** A result as the plain JSON that the API would carry. */
export function plain(result: unknown): unknown {
  if (typeof result === "string") return result;
  try {
    const text = JSON.stringify(result) as string | undefined;
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return "The call ran. Its result cannot be shown: it has no JSON form.";
  }
}

/** Marks a result that is recorded as its text. */
const AS_TEXT = "leashkit.openai/1";

/**
 * Records results as they are, so that the log's digest of a result is the same through every adapter. What the journal does not
 * take (long integers, halves of characters, deep nesting) is recorded as its JSON text, which keeps it as the tool wrote it.
 */
export const RESULTS: ResultCodec<unknown> = Object.freeze({
  encode: (result: unknown) =>
    isStrict(result) && own(result, AS_TEXT) === undefined ? result : { [AS_TEXT]: JSON.stringify(result) },
  decode(recorded: Json) {
    const text = own(recorded, AS_TEXT);
    return typeof text === "string" ? (JSON.parse(text) as unknown) : recorded;
  },
});

/** Far below the journal's own limits, of which a text has no other. */
const SHORT_TEXT = 10_000;

function isStrict(result: unknown): result is Json {
  if (typeof result === "string" && result.length < SHORT_TEXT) return result.isWellFormed();
  try {
    canonicalText(result);
    return true;
  } catch {
    return false;
  }
}
