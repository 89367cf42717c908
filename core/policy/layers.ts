import { createIssueList, type Report } from "./issues.ts";
import { readerOf } from "./dialects/choose.ts";
import { LAYERS, type ReadDocument, type Reference } from "./language/document.ts";
import { toJson } from "./located.ts";
import type { LayerSource } from "./compile.ts";
import { readYaml } from "./yaml.ts";

/** The text that a reference of `extends` names; undefined where there is none. `from` is where the reference stands. */
export type Resolve = (
  reference: string,
  from: string,
) => { readonly text: string; readonly origin: string } | undefined;

/** Documents of one policy, all in all. */
const MOST_DOCUMENTS = 16;

/** Everything that is read of one policy. */
interface Gathering {
  readonly resolve: Resolve | undefined;
  /** By origin; what is being read stands there as undefined, so that a ring is seen. */
  readonly read: Map<string, LayerSource | undefined>;
  /** The broadest first. */
  readonly sources: LayerSource[];
}

/** Reads a text and the broader documents that it names; undefined where anything was reported. */
export function readLayers(
  text: string,
  origin: string,
  resolve: Resolve | undefined,
  report: Report,
): readonly [LayerSource, ...LayerSource[]] | undefined {
  const gathering: Gathering = { resolve, read: new Map(), sources: [] };
  gather(text, origin, gathering, report);
  reportSharedIds(gathering.sources, report);
  const [first, ...rest] = gathering.sources;
  return first === undefined ? undefined : [first, ...rest];
}

function gather(text: string, origin: string, gathering: Gathering, report: Report): ReadDocument | undefined {
  const node = readYaml(text, report);
  const found = node === undefined ? undefined : readerOf(node)(node, report);
  if (node === undefined || found === undefined) return undefined;
  gathering.read.set(origin, undefined);
  for (const reference of found.extends ?? []) gatherBroader(reference, origin, found, gathering, report);
  const source = { document: found, json: toJson(node) };
  gathering.read.set(origin, source);
  gathering.sources.push(source);
  return found;
}

function gatherBroader(
  { to, place }: Reference,
  from: string,
  narrower: ReadDocument,
  gathering: Gathering,
  report: Report,
): void {
  const found = gathering.resolve?.(to, from);
  if (found === undefined) {
    const hint = gathering.resolve === undefined ? "a policy given as a text has no files beside it" : undefined;
    report("bad_extends", place, `the document \`${to}\` cannot be read`, hint);
    return;
  }
  const { text, origin } = found;
  if (gathering.read.has(origin)) {
    if (gathering.read.get(origin) === undefined) report("bad_extends", place, `\`${to}\` extends itself in a ring`);
    return;
  }
  if (gathering.read.size >= MOST_DOCUMENTS) {
    report("bad_extends", place, `a policy has at most ${MOST_DOCUMENTS} documents`);
    return;
  }
  const issues = createIssueList(text);
  const broader = gather(text, origin, gathering, issues.report);
  for (const { line, column, message, hint } of issues.list()) {
    report("bad_extends", place, `${to}:${line}:${column} ${message}`, hint);
  }
  if (broader?.layer === undefined || narrower.layer === undefined) return;
  if (LAYERS.indexOf(broader.layer) > LAYERS.indexOf(narrower.layer)) {
    report(
      "bad_extends",
      place,
      `\`${to}\` is of the layer ${broader.layer}, which is narrower than ${narrower.layer}`,
    );
  }
}

/** A decision names its rule by id alone, so an id means one rule in all documents together. */
function reportSharedIds(sources: readonly LayerSource[], report: Report): void {
  const main = sources.at(-1);
  if (main === undefined || sources.length === 1) return;
  const taken = new Set<string>();
  for (const { document: each } of sources) {
    for (const { id } of [...(each.rules ?? []), ...(each.limits ?? [])]) {
      if (taken.has(id)) {
        const place = main.document.extends?.[0]?.place ?? { offset: 0, pointer: "" };
        report("duplicate", place, `the id \`${id}\` stands in two documents of this policy`);
      }
      taken.add(id);
    }
  }
}
