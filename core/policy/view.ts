import type { Action } from "../model/call.ts";
import type { Counterparty } from "../model/decision.ts";
import type { Facts } from "../model/facts.ts";
import type { ToolSpec } from "../model/tool.ts";
import type { Bindings, CallInView, LimitStandings } from "./conditions/bindings.ts";
import { type Money, moneyOf } from "./guards/money.ts";
import { normalizeHost } from "./hosts.ts";
import { valueAt } from "./language/paths.ts";
import { standingsOf } from "./limits.ts";
import type { Portion } from "./tool-index.ts";

/** The trust of a counterparty that the policy does not list. */
const NO_TRUST = "NONE";

/** Counterparties that are remembered; beyond it the memory starts anew. */
const MAXIMUM_KNOWN = 1024;

/**
 * One call as one document sees it. A class, because deciding is counted in nanoseconds: every view has one shape, and what a
 * condition may never ask for is made when it is asked for.
 */
export class CallView implements CallInView {
  readonly action: Action;
  readonly tool: ToolSpec;
  readonly facts: Facts;
  readonly portion: Portion;
  readonly counterparty: Counterparty | null;
  /** The library evaluator's variables, made when it is first needed. */
  bindings: Bindings | undefined;
  private readMoney: Money | null | undefined;
  private readLimits: LimitStandings | undefined;

  constructor(action: Action, tool: ToolSpec, facts: Facts, portion: Portion) {
    this.action = action;
    this.tool = tool;
    this.facts = facts;
    this.portion = portion;
    this.counterparty =
      portion.counterparty === undefined && facts.counterparty === null ? null : counterpartyOf(portion, action, facts);
    this.bindings = undefined;
    this.readMoney = undefined;
    this.readLimits = undefined;
  }

  /** The limits of this document that count the call, as far as their counters are known. */
  get limits(): LimitStandings {
    return (this.readLimits ??= standingsOf(this.portion.limits, this));
  }

  /** Amount and currency where the policy says that they stand; null where they cannot be read. */
  get money(): Money | null {
    if (this.readMoney === undefined) {
      const { money } = this.portion;
      this.readMoney = money === undefined ? null : moneyOf(money, this.action.input);
    }
    return this.readMoney;
  }
}

/**
 * Whom the call deals with. The id may come from the call, where the policy or the registry say it stands; the trust never
 * does. An id that is missing or no text is no counterparty, and a condition that uses it is unknown.
 */
function counterpartyOf(portion: Portion, action: Action, facts: Facts): Counterparty | null {
  const { counterparty: path, layer } = portion;
  if (path === "unreadable") return null;
  const id = path === undefined ? facts.counterparty : valueAt(action.input, path);
  if (typeof id !== "string" || id === "") return null;
  const remembered = layer.known.get(id);
  if (remembered !== undefined) return remembered;
  const host = normalizeHost(id);
  const counterparty = Object.freeze(
    host === undefined ? { id, trust: NO_TRUST } : { id: host, trust: layer.trust?.find(host) ?? NO_TRUST },
  );
  if (layer.known.size >= MAXIMUM_KNOWN) layer.known.clear();
  layer.known.set(id, counterparty);
  return counterparty;
}
