import { hostname, userInfo } from "node:os";

import type { Approval, Approver } from "../model/approval.ts";
import type { Desk } from "../model/desk.ts";

/** A surface at work: it is told of approvals and answers them at the desk it was given. */
export interface AttachedSurface {
  /** An approval was opened. Returns at once or soon; a failure never blocks and never approves. */
  opened(approval: Approval): void | Promise<void>;
  /** Stops asking. Open questions stay open at the desk. */
  close(): void;
}

/**
 * A place where a person sees approvals and answers them. Unlike a notifier it holds a desk, so it can approve: give it to
 * `createLeash({ notify })` and keep what it draws on out of reach of agents and tools.
 */
export interface Surface {
  readonly name: string;
  /** Who answers here; the desk that `attach` gets is opened for this approver. */
  readonly approver: Approver;
  /** @throws {LeashError} `LEASH_CONFIG_INVALID` when no person can be reached here. */
  attach(desk: Desk): AttachedSurface;
}

/**
 * The operating-system user as an approver, with assurance `login`: whoever sits at this account. Code that runs under the
 * same account can claim as much; where that matters, run the desk under another one.
 *
 * @param method how the answer is given, such as `terminal` or `cli`; it is recorded with the answer
 * @example operatingSystemUser("cli"); // { id: "ada", method: "cli", assurance: "login", device: "laptop" }
 */
export function operatingSystemUser(method: string): Approver {
  return { id: accountName(), method, assurance: "login", device: hostname() };
}

/** A container may run under an id that no account list knows. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? "unknown"}`;
  }
}
