import {
  type Approval,
  type Desk,
  isLeashError,
  type Leash,
  type Notifier,
  type Surface,
  terminal,
} from "@leashkit/core";
import type { Printer } from "./print.ts";
import { ANSWERS } from "./script.ts";

/** Whoever answers: somebody at this terminal, or a script. */
export interface Person {
  /** For `createLeash({ notify })`. */
  readonly notify: Notifier | Surface;
  /** Takes a seat at the leash's desk; before that nobody can answer. */
  sitDown(leash: Leash): void;
  /** Shows an approval that another process opened, until it is answered. */
  show(ref: string): Promise<void>;
  /** Resolves when the approval is no longer pending; a scripted answer that was to come later comes now. */
  answered(ref: string): Promise<Approval>;
}

/** The person at this terminal. */
export function personAtTerminal(): Person {
  const surface = terminal();
  let desk: Desk | undefined;
  return {
    notify: surface,
    sitDown(leash) {
      desk = leash.desk(surface.approver);
    },
    async show(ref) {
      const attached = surface.attach(seated(desk));
      try {
        await attached.opened(await seated(desk).get(ref));
        await seated(desk).wait(ref);
      } finally {
        attached.close();
      }
    },
    answered: (ref) => seated(desk).wait(ref),
  };
}

/** A person who answers by the script, through the same desk that a real one would use. */
export function scriptedPerson(printer: Printer): Person {
  let desk: Desk | undefined;
  return {
    async notify(approval) {
      if (scriptFor(approval)?.when === "at once") await answer(seated(desk), approval, printer);
    },
    sitDown(leash) {
      desk = leash.desk({ id: "mira", method: "script", assurance: "login" });
    },
    show: async () => undefined,
    async answered(ref) {
      const approval = await seated(desk).get(ref);
      if (approval.status === "pending") await answer(seated(desk), approval, printer);
      return seated(desk).wait(ref);
    },
  };
}

async function answer(desk: Desk, approval: Approval, printer: Printer): Promise<void> {
  const script = scriptFor(approval);
  if (script === undefined) return;
  try {
    await desk[script.answer](approval.id, script.reason === undefined ? {} : { reason: script.reason });
  } catch (error) {
    if (!isLeashError(error, "LEASH_DENIED")) throw error;
    printer.line("person", `${desk.approver.id} says yes, and the desk does not take it: ${error.message}`, "bad");
  }
}

/** The person decides by what the approval shows: the very bytes that would run. */
function scriptFor(approval: Approval) {
  const { item } = JSON.parse(approval.text) as { readonly item?: string };
  return ANSWERS.get(item ?? "");
}

function seated(desk: Desk | undefined): Desk {
  if (desk === undefined) throw new Error("Nobody sits at the desk yet.");
  return desk;
}
