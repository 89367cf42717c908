import { once } from "node:events";

import { groupsOf } from "../approvals/groups.ts";
import { LeashError } from "../errors.ts";
import type { Approval, ApprovalStatus } from "../model/approval.ts";
import type { Answering, ApproveOptions, Desk } from "../model/desk.ts";

/** A desk whose approvals a test moves itself. */
export interface FakeDesk extends Desk {
  /** Answers that had an effect, in order: `approve <id>`, `deny <id>: <reason>`, `approve <id> again {"uses":5,"forMs":60000}`. */
  readonly answers: readonly string[];
  /** Ids of the approvals of which a surface said that it shows them, in order. */
  readonly views: readonly string[];
  /** What another surface, or time, does to an approval. */
  readonly become: (id: string, status: ApprovalStatus) => void;
}

/**
 * A desk over nothing but memory, without a store, a signature or a clock: for tests of surfaces. It has one winner per
 * approval, refuses late answers and wakes who waits.
 * @example const desk = fakeDesk([sampleApproval()]);
 */
export function fakeDesk(approvals: readonly Approval[]): FakeDesk {
  const rows = new Map(approvals.map((approval) => [approval.id, approval]));
  const changes = new EventTarget();
  const answers: string[] = [];
  const views: string[] = [];
  const row = (id: string): Approval => {
    const found = rows.get(id);
    if (found === undefined) throw new LeashError("LEASH_CONFIG_INVALID", `"${id}" names no open approval.`);
    return found;
  };
  const open = () => [...rows.values()].filter(({ status }) => status === "pending");
  const become = (id: string, status: ApprovalStatus): Approval => {
    const next = { ...row(id), status };
    rows.set(id, next);
    changes.dispatchEvent(new Event(id));
    return next;
  };
  const settle = (id: string, answer: "approve" | "deny", { again, reason }: ApproveOptions = {}): Approval => {
    if (row(id).status !== "pending") throw new LeashError("LEASH_EXPIRED", "Too late. The answer has no effect.");
    const permitted = again === undefined ? "" : ` again ${JSON.stringify(again)}`;
    answers.push(`${answer} ${id}${permitted}${reason === undefined ? "" : `: ${reason}`}`);
    return become(id, answer === "approve" ? "approved" : "denied");
  };
  const answering = (answer: "approve" | "deny"): Answering<ApproveOptions> => {
    function answerTo(id: string, options?: ApproveOptions): Promise<Approval>;
    function answerTo(list: readonly string[], options?: ApproveOptions): Promise<readonly Approval[]>;
    async function answerTo(
      target: string | readonly string[],
      options?: ApproveOptions,
    ): Promise<Approval | readonly Approval[]> {
      if (typeof target === "string") return settle(target, answer, options);
      return target.map((id) => settle(id, answer, options));
    }
    return answerTo;
  };
  return {
    approver: { id: "ada" },
    answers,
    views,
    become: (id, status) => void become(id, status),
    pending: async () => open(),
    groups: async () => groupsOf(open()),
    get: async (id) => row(id),
    viewed: async (id) => void views.push(id),
    approve: answering("approve"),
    deny: answering("deny"),
    revoke: async (id) => become(id, "revoked"),
    allowances: async () => [],
    revokeAllowance: () => Promise.reject(new LeashError("LEASH_CONFIG_INVALID", "A fake desk permits nothing twice.")),
    edit: () => Promise.reject(new LeashError("LEASH_CONFIG_INVALID", "A fake desk does not edit. Use a leash's own.")),
    async wait(id, options) {
      const until = options?.signal === undefined ? {} : { signal: options.signal };
      if (row(id).status === "pending") await once(changes, id, until).catch(() => undefined);
      return row(id);
    },
  };
}
