import { PolicyInvalid } from "../errors.ts";
import type { Json } from "../model/json.ts";
import type { Policy } from "../model/policy.ts";
import { compilePolicy, type LayerSource } from "./compile.ts";
import { createIssueList } from "./issues.ts";
import { readLayers } from "./layers.ts";
import { faceOf } from "./load.ts";

/**
 * Compiles a policy from its `source`, as the archive keeps it: all of its documents in one text, so no file is read. It has the
 * digest of the one that was archived, and decides alike.
 *
 * @throws {PolicyInvalid} `LEASH_POLICY_INVALID` for what is no such source, as of a policy of another engine.
 * @example loadArchived(policy.source).digest === policy.digest
 */
export function loadArchived(source: string): Policy {
  const documents = documentsOf(source);
  const names = documents.slice(0, -1).map((_document, index) => `archived-${index}`);
  const texts = documents.map((document) => JSON.stringify(withExtends(document, [])));
  const main = JSON.stringify(withExtends(documents.at(-1) ?? null, names));
  const { list, report } = createIssueList(main);
  const read = readLayers(main, "archive", (name) => named(texts, names.indexOf(name), name), report);
  if (read === undefined || list().length > 0 || read.length !== documents.length) {
    throw new PolicyInvalid("archive", list());
  }
  const [first, ...rest] = read;
  // What the digest covers is what was archived: the references were to files that are not needed any more.
  const archived = (layer: LayerSource, index: number): LayerSource => ({ ...layer, json: documents[index] ?? null });
  return faceOf(compilePolicy([archived(first, 0), ...rest.map((layer, index) => archived(layer, index + 1))]));
}

/** The broadest first, the policy itself last. */
function documentsOf(source: string): readonly Json[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(source);
  } catch {
    throw new PolicyInvalid("archive", []);
  }
  const layers = typeof parsed === "object" && parsed !== null && "layers" in parsed ? parsed.layers : undefined;
  // What `JSON.parse` gives is JSON.
  return Array.isArray(layers) ? (layers as readonly Json[]) : [parsed as Json];
}

function withExtends(document: Json, names: readonly string[]): Json {
  if (typeof document !== "object" || document === null || Array.isArray(document)) return document;
  const { extends: _files, ...own } = document as Readonly<Record<string, Json>>;
  return names.length === 0 ? own : { ...own, extends: names };
}

function named(
  texts: readonly string[],
  index: number,
  origin: string,
): { readonly text: string; readonly origin: string } | undefined {
  const text = texts[index];
  return text === undefined ? undefined : { text, origin };
}
