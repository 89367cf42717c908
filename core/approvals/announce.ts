import type { Approval, Approver } from "../model/approval.ts";
import type { Desk } from "../model/desk.ts";
import type { Notifier } from "../model/runtime.ts";
import type { Store } from "../store/store.ts";
import { createRounds } from "./rounds.ts";
import type { AttachedSurface, Surface } from "./surface.ts";
import { displayName } from "./visible.ts";

/** Whatever tells people of approvals. */
export interface Announcer {
  /** News of an approval: that it waits, or that it does no longer. */
  announce(approval: Approval): void;
  close(): void;
}

/** What an announcer works with. A surface answers for one tenant and hears of that one only. */
export interface AnnouncerParts {
  readonly store: Store;
  /** True for the embedded store of the state folder, false for one that the host opened. */
  readonly owned: boolean;
  readonly stream: string;
  readonly tenant: string;
  readonly openDesk: (approver: Approver) => Desk;
}

/**
 * Tells every notifier and surface of an approval, once in this process; of equal ones one after the other, and again when one is
 * escalated. None of them can block the call or each other, and a failure is reported as a process warning: the approval still
 * stands at the desk.
 *
 * @param targets undefined where the host chose none.
 */
export function createAnnouncer(
  targets: readonly (Notifier | Surface)[] | undefined,
  { openDesk, owned, store, stream, tenant }: AnnouncerParts,
): Announcer {
  const notifiers = (targets ?? []).filter((target) => typeof target === "function");
  const surfaces = attachAll(targets ?? [], openDesk);
  const rounds = createRounds({ store, stream, tell: tellAll });

  function tellAll(approval: Approval): void {
    const reached = approval.principal.tenant === tenant ? surfaces : [];
    for (const notify of notifiers) tell(approval, notify);
    for (const surface of reached) tell(approval, (opened) => surface.opened(opened));
    if (targets === undefined || (targets.length > 0 && notifiers.length + reached.length === 0)) {
      tellWhereToAnswer(approval, owned);
    }
  }

  return {
    announce: (approval) => (approval.status === "pending" ? rounds.opened(approval) : rounds.ended(approval.id)),
    close() {
      rounds.close();
      closeAll(surfaces);
    },
  };
}

function tell(approval: Approval, notify: Notifier): void {
  // A promise also for a synchronous throw.
  void Promise.resolve(approval)
    .then(notify)
    .catch(() => warn(approval));
}

function attachAll(
  targets: readonly (Notifier | Surface)[],
  openDesk: (approver: Approver) => Desk,
): AttachedSurface[] {
  const attached: AttachedSurface[] = [];
  try {
    for (const target of targets)
      if (typeof target !== "function") attached.push(target.attach(openDesk(target.approver)));
    return attached;
  } catch (error) {
    closeAll(attached);
    throw error;
  }
}

/** One surface that cannot be closed must not keep the others open. */
function closeAll(surfaces: readonly AttachedSurface[]): void {
  for (const surface of surfaces) {
    try {
      surface.close();
    } catch {
      // It is going away with the process in any case.
    }
  }
}

function tellWhereToAnswer({ ref, tool }: Approval, owned: boolean): void {
  const where = owned
    ? "with `--policy FILE` or `--state DIR` from another terminal"
    : "with `--state DIR --store env:NAME` from another terminal where the store is in PostgreSQL, or at `leash.desk` in code";
  process.emitWarning(
    `A call of ${displayName(tool)} waits for a person (ref ${ref}). Answer it with \`leash approvals show ${ref}\`, ${where}; or set \`notify\`.`,
    { type: "LeashWarning", code: "LEASH_WAITING" },
  );
}

function warn(approval: Approval): void {
  process.emitWarning(`Nobody could be told through one of the surfaces that approval ${approval.ref} waits.`, {
    type: "LeashWarning",
    code: "LEASH_NOTIFY_FAILED",
  });
}
