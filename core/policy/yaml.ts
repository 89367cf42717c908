import type { Report } from "./issues.ts";
import type { Located } from "./located.ts";
import { areReadable } from "./yaml/characters.ts";
import { readDocument } from "./yaml/nodes.ts";
import { refuseText, startReading } from "./yaml/reading.ts";
import { readStream } from "./yaml/stream.ts";

/**
 * Reads one YAML 1.2 document (core schema) of plain maps, lists and scalars, each with its place in the text. The `yaml`
 * library cuts the text into tokens; they are read here, so that the first thing wrong ends the work, and never more laxly
 * than its `parseDocument` would.
 *
 * Refused with an issue: more than 8 MiB, a byte order mark, control characters, carriage returns alone, more than 64 levels,
 * directives, a second document, an empty one, anchors and aliases (all of them: there is no bomb without an alias), tags,
 * merge keys, keys that are not texts or stand twice, numbers that are not plainly written whole numbers up to 2^53-1.
 *
 * @returns undefined when nothing can be read; every refusal is reported.
 */
export function readYaml(text: string, report: Report): Located | undefined {
  if (!areReadable(text, report)) return undefined;
  const reading = startReading(text, report);
  const document = readStream(reading);
  const root = document === undefined ? undefined : readDocument(document, reading);
  if (root === undefined)
    refuseText(reading, "yaml_empty", 0, "the policy is empty", "a policy starts with `leash: 1`");
  return reading.failed ? undefined : root;
}
