import { allowanceRecord } from "../audit/approval-records.ts";
import { LeashDenied } from "../errors.ts";
import { uuidv7 } from "../ids.ts";
import type { AgainChoice, Allowance } from "../model/allowance.ts";
import type { Approval, Approver, Verdict } from "../model/approval.ts";
import type { AuditRecord } from "../model/audit.ts";
import type { Json } from "../model/json.ts";
import type { SettleOptions } from "../model/desk.ts";
import { openRow } from "../store/envelope.ts";
import type { Change } from "../store/store.ts";
import { signAllowance } from "../tokens/allowance.ts";
import { isLeft, readAllowance, writeAllowance } from "./allowances.ts";
import type { DeskParts } from "./answer.ts";
import type { Objection } from "./eligibility.ts";
import { shapeOf } from "./shape.ts";

/** Rows read at a time. */
const PAGE = 1_000;

/** Why a yes may not be one to calls like this one, too; undefined where it may. */
export function objectionToAgain(
  { demand, over = [], session, terms }: Approval,
  choice: true | AgainChoice,
  listed: boolean,
): Objection | undefined {
  const { again } = terms;
  const refused = (reason: string): Objection => ({ why: "again not permitted", reason });
  if (listed) return refused("is answered in a list: permit calls like it by itself.");
  if (again === undefined || demand !== "approve" || terms.quorum !== 1 || over.length > 0)
    return refused("is a question to which the policy takes no standing yes: approve this call alone.");
  if (again.session && session === null)
    return refused("belongs to no session, and the policy takes a standing yes for a session only.");
  const { forMs = again.forMs, uses = again.uses } = choice === true ? {} : choice;
  const fits = (value: number, most: number): boolean => Number.isSafeInteger(value) && value > 0 && value <= most;
  if (fits(uses, again.uses) && fits(forMs, again.forMs)) return undefined;
  return refused(`may be permitted for at most ${again.uses} calls and ${again.forMs} milliseconds.`);
}

/** The standing yes that goes with a yes, signed, and its record: for the commit of that very answer. */
export function grantAgain(
  { keys, random }: DeskParts,
  approval: Approval,
  verdict: Verdict,
  choice: true | AgainChoice,
): { readonly change: Change; readonly record: AuditRecord } {
  const { again } = approval.terms;
  if (again === undefined) throw new Error("what the policy does not permit was objected to before");
  const { forMs = again.forMs, uses = again.uses } = choice === true ? {} : choice;
  const allowance = signAllowance(
    keys.signer("approval"),
    {
      v: 1,
      id: uuidv7(verdict.at, random),
      ...approval.principal,
      tool: approval.tool,
      session: again.session ? approval.session : null,
      counterparty: approval.counterparty?.id ?? null,
      schemaDigest: approval.schemaDigest,
      shape: shapeOf(approval.tool, JSON.parse(approval.text) as Json, again.vary),
      vary: again.vary,
      rule: approval.rule,
      ruleDigest: approval.ruleDigest,
      uses,
      used: 0,
      approvalId: approval.id,
      text: approval.text,
      approver: verdict.approver,
      grantedAt: verdict.at,
      expiresAt: verdict.at + forMs,
      revokedAt: null,
    },
    random,
  );
  return {
    change: writeAllowance(allowance, 0),
    record: allowanceRecord(allowance, "allowance.granted", verdict.approver, verdict.reason),
  };
}

/** Every standing yes of the tenant that may still be used; ids are in the order of their time. */
export async function standing({ store, tenant }: DeskParts): Promise<readonly Allowance[]> {
  const found: Allowance[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await store.list("allowance", { limit: PAGE, ...(after === undefined ? {} : { after }) });
    const now = store.now();
    const values = page.map((row) => openRow<Allowance>(row).value);
    found.push(...values.filter((one) => one.tenant === tenant && isLeft(one, now)));
    after = page.at(-1)?.id;
    if (page.length < PAGE) return found;
  }
}

export async function revokeAllowance(
  { store, stream, tenant }: DeskParts,
  { id: person }: Approver,
  id: string,
  { reason = null }: { readonly reason?: SettleOptions["reason"] | null } = {},
): Promise<Allowance> {
  for (;;) {
    const stored = await readAllowance(store, id);
    if (stored === undefined || stored.value.tenant !== tenant || !isLeft(stored.value, store.now())) {
      throw new LeashDenied({
        reasonCode: "approval_void",
        reason: `No standing yes ${JSON.stringify(id.slice(0, 64))} can be taken back: it is unknown, used up, over, or was taken back.`,
      });
    }
    const revoked: Allowance = { ...stored.value, revokedAt: store.now() };
    const records = [allowanceRecord(revoked, "allowance.revoked", person, reason)];
    const result = await store.commit([writeAllowance(revoked, stored.version)], { stream, records });
    if (result.ok) return revoked;
  }
}
