import { isLeashError, LeashDenied, LeashError } from "@leashkit/core";
import type { ArgumentReader, AuthorizeOptions, Gate, LeashErrorCode, LeashPending, Outcome } from "@leashkit/core";
import { HAND_OFF, handOffCodec } from "./hand-off.ts";
import { withNotice } from "./notice.ts";
import type { Settings } from "./options.ts";
import { siteOf, within, type Site } from "./site.ts";

/** One gate before a tool. */
export interface Layer {
  readonly gate: Gate;
  readonly settings: Settings;
  /** The registered name. */
  readonly id: string;
  readonly read: ArgumentReader;
  /** True where the tool reads its arguments itself: unguarded, it would get them as they came. */
  readonly parsesAgain: boolean;
  /** The gate beneath, where several stand before one tool. */
  readonly beneath: Layer | undefined;
  /** The tool's own work. */
  readonly work: (input: unknown) => unknown;
}

type Refused = Exclude<Outcome<never>, { readonly kind: "result" | "failed" }>;

/**
 * One call of a wrapped tool: proposed, decided, run once or refused.
 * @throws what the tool throws, and the refusal where one is to be thrown.
 */
export async function guardCall(layer: Layer, input: unknown): Promise<unknown> {
  const site = await siteOf(layer.settings, input);
  const outcome = await attempt(layer, input, site);
  if (outcome.kind === "result") return site.isRead ? withNotice(outcome) : outcome.result;
  if (outcome.kind === "failed") throw outcome.error;
  if (outcome.kind === "pending" && site.run !== undefined) return site.run.park(outcome.error as LeashPending);
  if (layer.settings.onDeny === "throw" || layer.id === HAND_OFF) throw readable(outcome);
  return outcome.text;
}

/** `pending` comes of it only where the run can be suspended. */
async function attempt(layer: Layer, input: unknown, site: Site): Promise<Outcome<unknown>> {
  const { gate, id, settings } = layer;
  const { session, signal } = settings;
  const pause = pauseOf(layer, site);
  const read = await layer.read(input);
  const call = {
    tool: id,
    ...(read.ok ? { input: read.input } : { input, problem: read.problem }),
    ...site.identity,
    index: depthOf(layer),
    ...(session !== undefined && { session }),
  };
  try {
    const outcome = await gate.attempt<unknown>(
      call,
      (sealed, { mode }) => runBeneath(layer, mode === "observe" && layer.parsesAgain ? input : sealed, site),
      {
        pause,
        adapter: "llamaindex",
        suspends: isInnerPause,
        ...(signal !== undefined && { signal }),
        ...(id === HAND_OFF && site.run !== undefined && { codec: handOffCodec(site.run.state) }),
      },
    );
    if (outcome.kind === "failed" && outcome.error instanceof InnerEnd) return outcome.error.outcome;
    return outcome.kind === "pending" && settings.pause === "defer" ? { ...outcome, kind: "refused" } : outcome;
  } catch (error) {
    if (error instanceof InnerEnd) return error.outcome;
    throw error;
  }
}

/** What the gate stands before: the next gate, or the tool's own work. */
export async function runBeneath(layer: Layer, input: unknown, site: Site): Promise<unknown> {
  if (layer.beneath === undefined) return within(() => layer.work(input));
  const outcome = await attempt(layer.beneath, input, site);
  if (outcome.kind === "result") return site.isRead ? withNotice(outcome) : outcome.result;
  throw outcome.kind === "failed" ? outcome.error : new InnerEnd(outcome);
}

/** How an inner gate ended the call, on its way out through the outer ones: to them it is no result, and nothing ran. */
class InnerEnd extends Error {
  override readonly name = "InnerEnd";
  readonly outcome: Refused;
  readonly leashNoEffect: boolean;

  constructor(outcome: Refused) {
    super("A gate beneath refused the call.", { cause: outcome.error });
    this.outcome = outcome;
    this.leashNoEffect = outcome.error.code !== "LEASH_OUTCOME_UNKNOWN";
  }
}

/** The words for a model where a gate beneath refused, undefined for what the tool itself threw. */
export function innerRefusal(thrown: unknown): string | undefined {
  return thrown instanceof InnerEnd ? thrown.outcome.text : undefined;
}

/** The outer gate's grant stays: the call goes on under it once the inner gate is answered. */
export function isInnerPause(thrown: unknown): boolean {
  return thrown instanceof InnerEnd && thrown.outcome.kind === "pending";
}

function pauseOf({ id, settings: { pause } }: Layer, { run }: Site): NonNullable<AuthorizeOptions["pause"]> {
  if (pause === "defer" && id !== HAND_OFF) return "defer";
  return pause === "hold" || pause === "defer" || run === undefined ? "hold" : "suspend";
}

/** The gates before one tool share the call's id and are told apart by their place, from the tool outwards. */
function depthOf({ beneath }: Layer): number {
  return beneath === undefined ? 0 : depthOf(beneath) + 1;
}

/** The refusal as an error whose message a model may read: LlamaIndex shows it what a tool throws. */
function readable({ text, error }: Refused): Error {
  if (isLeashError(error, "LEASH_PENDING")) return error;
  if (!(error instanceof LeashDenied)) return new LeashError(error.code as LeashErrorCode, text, { cause: error });
  const { code, reasonCode, note, approvalId, problem } = error;
  return new LeashDenied({ code, reasonCode, note, approvalId, problem, reason: text, cause: error });
}
