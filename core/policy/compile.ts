import { canonicalText } from "../canonical.ts";
import { domainDigest, sha256Hex } from "../digest.ts";
import type { Counterparty, Decision } from "../model/decision.ts";
import type { Effect, Mode } from "../model/effect.ts";
import type { Json } from "../model/json.ts";
import type { PolicyRequirements } from "../model/policy.ts";
import { answer, type Identity, VERBS } from "./answers.ts";
import { type CompiledTool, compileRule, compileTool } from "./compile-entries.ts";
import type { HostTable } from "./hosts.ts";
import type { Trust } from "./language/counterparties.ts";
import { effectsOf, type ReadDocument } from "./language/document.ts";
import { type LayerAnswer, silent } from "./layer.ts";
import { type CompiledLimit, compileLimit } from "./limits.ts";
import { type Redacts, redactionIn } from "./redaction.ts";
import { requirementsOf } from "./requirements.ts";
import { createToolIndex, shelve, type Shelves, type ToolIndex } from "./tool-index.ts";

/** Canonical text may be longer than the document, and a policy may have many rules. */
const DOCUMENT_LIMITS = { length: 64 * 1_048_576, members: 8_000_000 };

/** One document ready to decide. */
export interface CompiledLayer {
  readonly id: string;
  readonly combine: "denies_first" | "first_match";
  readonly shelves: Shelves;
  readonly entries: ReadonlyMap<string, CompiledTool>;
  /** Every name that rules or tools name exactly. */
  readonly names: ReadonlySet<string>;
  readonly limits: readonly CompiledLimit[];
  /** Its own table of trust, else a broader document's. */
  readonly trust: HostTable<Trust> | undefined;
  /** Counterparties that were met before, by id as the call gave it. */
  readonly known: Map<string, Counterparty>;
  readonly fallback: LayerAnswer;
}

type Layers = readonly [CompiledLayer, ...CompiledLayer[]];

/** A policy ready to decide. */
export interface CompiledPolicy {
  readonly id: string;
  readonly digest: string;
  readonly source: string;
  readonly mode: Mode | undefined;
  readonly canAsk: boolean;
  readonly requires: PolicyRequirements;
  /** Undefined where nothing is to be redacted. */
  readonly redacts: Redacts | undefined;
  readonly layers: Layers;
  readonly index: ToolIndex;
  /** The same with what is only observed; undefined where nothing is. */
  readonly shadow: ToolIndex | undefined;
  /** The answer where no document has one. */
  readonly unanswered: Decision;
  readonly uncomputed: Decision;
  /** The answer to whatever goes wrong while deciding. */
  readonly failed: Decision;
}

/** A document, what it says, and the plain form that the digest covers. */
export interface LayerSource {
  readonly document: ReadDocument;
  readonly json: Json;
}

/** Turns read documents, the broadest first, into what decides. The last is the policy itself. */
export function compilePolicy(sources: readonly [LayerSource, ...LayerSource[]]): CompiledPolicy {
  const main = sources[sources.length - 1] ?? sources[0];
  const id = main.document.id ?? "leash";
  const source = canonicalText(digestedForm(sources.map(({ json }) => json)), DOCUMENT_LIMITS);
  const digest = sha256Hex(`leashkit/policy/1\n${source}`);
  const mode = modeOf(sources.map(({ document }) => document));
  const identity: Identity = { policyId: id, policyDigest: digest, mode: mode ?? "enforce" };
  const documents = sources.map(({ document }) => document);
  // Where everything is observed, the whole policy is: it decides fully, and nothing of it is obeyed.
  const isShadow = ({ mode: own }: { readonly mode?: Mode }): boolean => mode !== "observe" && own === "observe";
  const enforced = documents
    .filter((document) => !isShadow(document))
    .map((document) => withoutShadows(document, isShadow));
  const layers = compileLayers(enforced, identity);
  const observes = documents.some((document) => isShadow(document) || (document.rules ?? []).some(isShadow));
  return {
    id,
    digest,
    source,
    mode,
    canAsk: enforced.some((document) => asks(effectsOf(document))),
    requires: requirementsOf(enforced),
    redacts: redactionIn(documents),
    layers,
    index: createToolIndex(layers),
    shadow: observes ? createToolIndex(compileLayers(documents, identity)) : undefined,
    ...ownAnswers(identity),
  };
}

const asks = (effects: ReadonlySet<Effect>): boolean => effects.has("approve") || effects.has("step_up");

/** One document as it stands; of several, each in its order. Tests decide nothing. */
function digestedForm(documents: readonly Json[]): Json {
  const plain = documents.map((document) => {
    if (typeof document !== "object" || document === null || Array.isArray(document)) return document;
    return Object.fromEntries(Object.entries(document).filter(([key]) => key !== "tests"));
  });
  return plain.length === 1 ? (plain[0] ?? null) : { layers: plain };
}

/** Observe only where every document says so; a document that does not say is enforced. */
function modeOf(documents: readonly ReadDocument[]): Mode | undefined {
  const stated = documents.map(({ mode }) => mode);
  if (stated.every((mode) => mode === "observe")) return "observe";
  return stated.some((mode) => mode !== undefined) ? "enforce" : undefined;
}

function withoutShadows(document: ReadDocument, isShadow: (rule: { readonly mode?: Mode }) => boolean): ReadDocument {
  return document.rules?.some(isShadow) === true
    ? { ...document, rules: document.rules.filter((rule) => !isShadow(rule)) }
    : document;
}

function compileLayers(documents: readonly ReadDocument[], identity: Identity): Layers {
  let trust: HostTable<Trust> | undefined;
  const [first, ...rest] = documents.map((document) => {
    trust = document.counterparties ?? trust;
    return compileLayer(document, trust, identity);
  });
  if (first === undefined) throw new Error("a policy has at least one document that is enforced");
  return [first, ...rest];
}

function compileLayer(document: ReadDocument, trust: HostTable<Trust> | undefined, identity: Identity): CompiledLayer {
  const rules = (document.rules ?? []).map((rule, order) => compileRule(rule, order, identity));
  const tools = (document.tools ?? []).map((tool) => compileTool(tool, identity));
  const entries = new Map(tools.flatMap((tool) => tool.names.map((name) => [name, tool] as const)));
  const shelves = shelve(rules);
  return {
    id: document.id ?? "leash",
    combine: document.combine ?? "denies_first",
    shelves,
    entries,
    names: new Set([...entries.keys(), ...shelves.exact.keys()]),
    limits: (document.limits ?? []).map((limit) => compileLimit(limit, identity)),
    trust,
    known: new Map(),
    fallback: fallbackOf(document.default ?? "deny", identity),
  };
}

function fallbackOf(effect: Effect | "passthrough", identity: Identity): LayerAnswer {
  return effect === "passthrough" ? silent(null) : silent(defaultAnswer(effect, identity));
}

function defaultAnswer(effect: Effect, identity: Identity): Decision {
  return answer(identity, {
    effect,
    rule: "default",
    ruleDigest: domainDigest("leashkit/rule/1", { default: effect }),
    reasonCode: "default",
    reason: `no rule decides; the policy's default ${VERBS[effect]}`,
  });
}

function ownAnswers(identity: Identity): Pick<CompiledPolicy, "unanswered" | "uncomputed" | "failed"> {
  const denial = { effect: "deny", rule: null, ruleDigest: null } as const;
  return {
    unanswered: answer(identity, { ...denial, reasonCode: "default", reason: "no document of the policy decides" }),
    uncomputed: answer(identity, {
      ...denial,
      reasonCode: "compute_unknown",
      reason: "the safe form of this call cannot be computed, so it is refused",
    }),
    failed: answer(identity, {
      ...denial,
      reasonCode: "policy_error",
      reason: "the policy could not be evaluated for this call, so it is refused",
    }),
  };
}
