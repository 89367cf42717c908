import type { Approval, Approver } from "../model/approval.ts";
import type { Desk } from "../model/leash.ts";
import type { Notifier } from "../model/runtime.ts";
import { displayName } from "./display.ts";
import type { AttachedSurface, Surface } from "./surface.ts";

/** Whatever tells people of approvals. */
export interface Announcer {
  announce(approval: Approval): void;
  close(): void;
}

/**
 * Tells every notifier and surface of an approval. None of them can block the call or each other, and a failure is reported
 * as a process warning: the approval still stands at the desk.
 *
 * @param targets undefined where the host chose none: then a process warning says that somebody waits.
 */
export function createAnnouncer(
  targets: readonly (Notifier | Surface)[] | undefined,
  openDesk: (approver: Approver) => Desk,
): Announcer {
  const attached: AttachedSurface[] = [];
  const close = (): void => {
    for (const surface of attached) surface.close();
  };
  try {
    for (const target of targets ?? []) attached.push(attach(target, openDesk));
  } catch (error) {
    close();
    throw error;
  }
  return {
    announce(approval) {
      if (targets === undefined) tellWhereToAnswer(approval);
      for (const surface of attached) {
        // A promise also for a synchronous throw.
        void Promise.resolve(approval)
          .then((opened) => surface.opened(opened))
          .catch(() => warn(approval));
      }
    },
    close,
  };
}

function attach(target: Notifier | Surface, openDesk: (approver: Approver) => Desk): AttachedSurface {
  if (typeof target === "function") {
    return {
      async opened(approval) {
        await target(approval);
      },
      close: () => undefined,
    };
  }
  return target.attach(openDesk(target.approver));
}

function tellWhereToAnswer({ ref, tool }: Approval): void {
  process.emitWarning(
    `A call of ${displayName(tool)} waits for a person (ref ${ref}). Answer it with \`leash approvals show ${ref}\` from another terminal, ` +
      "or set `notify`.",
    { type: "LeashWarning", code: "LEASH_WAITING" },
  );
}

function warn(approval: Approval): void {
  process.emitWarning(`Nobody could be told through one of the surfaces that approval ${approval.ref} waits.`, {
    type: "LeashWarning",
    code: "LEASH_NOTIFY_FAILED",
  });
}
