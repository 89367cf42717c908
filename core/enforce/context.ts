import type { Approval } from "../model/approval.ts";
import type { Action } from "../model/call.ts";
import type { Mode } from "../model/effect.ts";
import type { Narrowing } from "../model/leash.ts";
import type { Policy } from "../model/policy.ts";
import type { Principal } from "../model/principal.ts";
import type { Random } from "../model/runtime.ts";
import type { Presence } from "../journal/presence.ts";
import type { Store } from "../store/store.ts";
import type { KeyRing } from "../tokens/keys.ts";
import type { ToolRegistry } from "../tools.ts";

/** The parts that one `createLeash` built and that all of its principals share. */
export interface Context {
  readonly store: Store;
  /** This process's stream of the log. */
  readonly stream: string;
  readonly registry: ToolRegistry;
  readonly policy: Policy;
  readonly keys: KeyRing;
  readonly random: Random;
  /** The stricter of option and document. */
  readonly mode: Mode;
  readonly presence: Presence;
  /** The host's own word on whom a call deals with. */
  readonly counterparty: ((action: Action) => string | undefined) | undefined;
  /** Tells the surfaces that an approval waits. Never throws, never blocks. */
  announce(approval: Approval): void;
}

/** A context seen by one principal, within the limits its parents set. */
export interface Scope {
  readonly context: Context;
  readonly principal: Principal;
  readonly narrowings: readonly Narrowing[];
}
