import type { Redaction } from "../model/redaction.ts";
import type { ToolSpec } from "../model/tool.ts";
import type { ReadDocument } from "./language/document.ts";

/** Says what of a tool's calls is never written. */
export type Redacts = (tool: Pick<ToolSpec, "id" | "aliases">) => Redaction;

/**
 * What all documents together name, also those that only observe: whoever adds one can add paths and take none away. Undefined
 * where they name nothing.
 */
export function redactionIn(documents: readonly ReadDocument[]): Redacts | undefined {
  const paths = new Map<string, readonly string[]>();
  for (const { tools = [] } of documents) {
    for (const { names, redact } of tools) {
      if (redact === undefined) continue;
      for (const name of names) paths.set(name, [...(paths.get(name) ?? []), ...redact]);
    }
  }
  if (paths.size === 0) return undefined;
  return ({ aliases, id }) => {
    const found = new Set([id, ...aliases].flatMap((name) => paths.get(name.normalize("NFC")) ?? []));
    return { input: pointersOf("input", found), output: pointersOf("output", found) };
  };
}

/** The paths that begin there, as JSON pointers: no step has a character that those escape. */
function pointersOf(root: "input" | "output", paths: ReadonlySet<string>): readonly string[] {
  return [...paths]
    .map((path) => path.split("."))
    .filter(([first]) => first === root)
    .map(([, ...steps]) => steps.map((step) => `/${step}`).join(""));
}
