import type { AgainTerms } from "../../model/allowance.ts";
import type { ApprovalTerms } from "../../model/decision.ts";
import type { Effect } from "../../model/effect.ts";
import { block, flag, listOf, namesOf, oneOf, type Reader, type Shape, type Values, wholeNumber } from "../readers.ts";
import { notifyTarget } from "./channels.ts";
import { duration } from "./durations.ts";
import { identifier } from "./names.ts";
import { inputPath } from "./paths.ts";

/** What a policy says about asking a person; every member has a default. */
export interface TermsForm {
  readonly expires_in?: number;
  readonly use_within?: number;
  readonly edit?: "other" | "self";
  readonly quorum?: number;
  readonly roles?: readonly string[];
  readonly four_eyes?: boolean;
  readonly reason_required?: boolean;
  readonly notify?: readonly string[];
  readonly escalate_after?: number;
  readonly deny_memory?: number;
  readonly again?: AgainForm;
}

/** The most that an approver may permit with one yes. */
export interface AgainForm {
  readonly uses: number;
  readonly for: number;
  readonly vary?: readonly (readonly string[])[];
  readonly session?: boolean;
}

export interface StepUpForm {
  readonly methods?: readonly string[];
}

export interface ProofForm {
  readonly ttl?: number;
}

/** Milliseconds a question stays open: one hour. */
const DEFAULT_EXPIRES_IN_MS = 3_600_000;

/** Milliseconds a yes may wait for the run: a quarter of an hour. */
const DEFAULT_USE_WITHIN_MS = 900_000;

/** Milliseconds a proof lives: two minutes; at most an hour. */
export const DEFAULT_PROOF_TTL_MS = 120_000;
const LONGEST_PROOF_SECONDS = 3600;

const LARGEST_QUORUM = 20;

const NONE = /^0[smhd]?$/;

const METHOD = /^[a-z][a-z0-9_-]{0,63}$/;

/** A duration, or none of it: `0`, or zero with a unit. */
function durationOrNone(what: string): Reader<number> {
  const read = duration(what);
  return (node, report) => {
    const isNone = node.kind === "scalar" && NONE.test(String(node.value)) && typeof node.value !== "boolean";
    return isNone ? 0 : read(node, report);
  };
}

const MOST_USES = 10_000;

export const againShape: Shape<AgainForm> = {
  what: "`again`",
  keys: {
    uses: wholeNumber("`uses`", 1, MOST_USES),
    for: duration("`for`"),
    vary: listOf("`vary`", inputPath),
    session: flag("`session`"),
  },
  required: ["uses", "for"],
};

const readAgain = block(againShape);

const again: Reader<AgainForm> = (node, report) => {
  const { uses, for: lasting, ...more } = readAgain(node, report)?.values ?? {};
  return uses === undefined || lasting === undefined ? undefined : { ...more, uses, for: lasting };
};

export const termsShape: Shape<TermsForm> = {
  what: "`approval`",
  keys: {
    expires_in: duration("`expires_in`"),
    use_within: duration("`use_within`"),
    edit: oneOf("`edit`", ["other", "self"]),
    quorum: wholeNumber("`quorum`", 1, LARGEST_QUORUM),
    roles: namesOf("`roles`", identifier),
    four_eyes: flag("`four_eyes`"),
    reason_required: flag("`reason_required`"),
    notify: namesOf("`notify`", notifyTarget),
    escalate_after: duration("`escalate_after`"),
    deny_memory: durationOrNone("`deny_memory`"),
    again,
  },
  later: ["count"],
};

/** A step-up method, such as `webauthn`. */
export const methodName: Reader<string> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  if (typeof value === "string" && METHOD.test(value)) return value;
  report("bad_value", node.place, "a step-up method is a lower-case word such as webauthn or totp");
  return undefined;
};

export const stepUpShape: Shape<StepUpForm> = {
  what: "`step_up`",
  keys: { methods: namesOf("`methods`", methodName) },
  required: ["methods"],
};

export const proofShape: Shape<ProofForm> = {
  what: "`proof`",
  keys: { ttl: duration("`ttl`", LONGEST_PROOF_SECONDS) },
  required: ["ttl"],
};

function valuesOf<T>(shape: Shape<T>): Reader<Values<T>> {
  const read = block(shape);
  return (node, report) => read(node, report)?.values;
}

const readTerms = block(termsShape);

export const terms: Reader<Values<TermsForm>> = (node, report) => {
  const found = readTerms(node, report);
  if (found?.values.again !== undefined && (found.values.quorum ?? 1) > 1)
    report(
      "misplaced_key",
      found.placeOf("again"),
      "`again` is one person's word, and `quorum` asks for more than one",
    );
  return found?.values;
};

export const stepUp = valuesOf(stepUpShape);
export const proof = valuesOf(proofShape);

/** The full terms of a decision that asks; null for one that does not. */
export function approvalTerms(effect: Effect, form: TermsForm = {}, stepUpForm: StepUpForm = {}): ApprovalTerms | null {
  if (effect !== "approve" && effect !== "step_up") return null;
  return {
    expiresInMs: form.expires_in ?? DEFAULT_EXPIRES_IN_MS,
    useWithinMs: form.use_within ?? DEFAULT_USE_WITHIN_MS,
    quorum: form.quorum ?? 1,
    roles: form.roles ?? [],
    fourEyes: form.four_eyes ?? false,
    reasonRequired: form.reason_required ?? false,
    methods: stepUpForm.methods ?? [],
    notify: form.notify ?? [],
    edit: form.edit ?? "other",
    ...(form.escalate_after === undefined ? {} : { escalateAfterMs: form.escalate_after }),
    ...(form.deny_memory === undefined ? {} : { denyMemoryMs: form.deny_memory }),
    ...(form.again === undefined ? {} : { again: againTerms(form.again) }),
  };
}

function againTerms({ for: forMs, session = true, uses, vary = [] }: AgainForm): AgainTerms {
  return { uses, forMs, vary, session };
}

/** The keys of `form` that ask more of a desk than one yes within a time. */
export function demandingTerms(form: TermsForm | undefined): readonly string[] {
  if (form === undefined) return [];
  const { quorum = 1, roles, four_eyes, reason_required, escalate_after, deny_memory } = form;
  return [
    ...(quorum > 1 ? ["quorum"] : []),
    ...(roles === undefined ? [] : ["roles"]),
    ...(four_eyes === true ? ["four_eyes"] : []),
    ...(reason_required === true ? ["reason_required"] : []),
    ...(escalate_after === undefined ? [] : ["escalate_after"]),
    ...(deny_memory === undefined ? [] : ["deny_memory"]),
  ];
}
