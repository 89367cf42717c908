import {
  type Approval,
  type Approver,
  type Desk,
  isLeashError,
  type Notifier,
  type Surface,
  terminal,
} from "@leashkit/core";
import type { Setting } from "./agent.ts";
import { ANSWERS } from "./script.ts";

/** Whoever answers: somebody at this terminal, or a script. */
export interface Person {
  /** For `createLeash({ notify })`. */
  readonly notify: Notifier | Surface;
  /** Takes a seat at the leash's desk; before that nobody can answer. */
  sitDown(setting: Setting): void;
  /** Shows an approval that another process opened, until it is answered. */
  show(approvalId: string): Promise<void>;
  /** Resolves when the approval is no longer pending; a scripted answer that was to come later comes now. */
  answered(approvalId: string): Promise<Approval>;
}

/** The person at this terminal. */
export function personAtTerminal(): Person {
  const surface = terminal();
  let desk: Desk | undefined;
  return {
    notify: surface,
    sitDown({ leash }) {
      desk = leash.desk(surface.approver);
    },
    async show(approvalId) {
      const attached = surface.attach(seated(desk));
      try {
        await attached.opened(await seated(desk).get(approvalId));
        await seated(desk).wait(approvalId);
      } finally {
        attached.close();
      }
    },
    answered: (approvalId) => seated(desk).wait(approvalId),
  };
}

/** A person who answers by the script, through the same desk that a real one would use. */
export function scriptedPerson(): Person {
  let desk: Desk | undefined;
  let setting: Setting | undefined;
  async function answer(approval: Approval): Promise<void> {
    const script = scriptFor(approval);
    if (script === undefined) return;
    await setting?.log.show();
    try {
      await seated(desk)[script.answer](approval.id, script.reason === undefined ? {} : { reason: script.reason });
    } catch (error) {
      if (!isLeashError(error, "LEASH_DENIED")) throw error;
      setting?.printer.line("person", `YES, says ${MIRA.id}, and the desk does not take it: ${error.message}`, "bad");
    }
  }
  return {
    async notify(approval) {
      if (scriptFor(approval)?.when === "at once") await answer(approval);
    },
    sitDown(where) {
      setting = where;
      desk = where.leash.desk(MIRA);
    },
    show: async () => undefined,
    async answered(approvalId) {
      const approval = await seated(desk).get(approvalId);
      if (approval.status === "pending") await answer(approval);
      return seated(desk).wait(approvalId);
    },
  };
}

const MIRA: Approver = { id: "mira", method: "script", assurance: "login" };

/** The person decides by what the approval shows: the very bytes that would run. */
function scriptFor(approval: Approval) {
  const { item } = JSON.parse(approval.text) as { readonly item?: string };
  return ANSWERS.get(item ?? "");
}

function seated(desk: Desk | undefined): Desk {
  if (desk === undefined) throw new Error("Nobody sits at the desk yet.");
  return desk;
}
