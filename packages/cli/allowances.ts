import { type Allowance, displayName, duration } from "@leashkit/core";

import { inColumns } from "./columns.ts";
import { EXIT, type Exit } from "./exit.ts";
import { type Io, writeJson } from "./io.ts";
import { type CommonOptions, withDesk } from "./state.ts";

export interface RevokeAllowanceOptions extends CommonOptions {
  readonly reason?: string;
}

/** `leash allowances list`: every standing yes that may still be used, oldest first. */
export async function listAllowances(io: Io, options: CommonOptions): Promise<Exit> {
  const allowances = await withDesk(options, ({ desk }) => desk.allowances());
  if (options.json === true) for (const allowance of allowances) writeJson(io.stdout, asJson(allowance));
  else io.stdout.write(allowances.length === 0 ? "Nobody permitted anything in advance.\n" : `${table(allowances)}\n`);
  return EXIT.fine;
}

/** `leash allowances revoke`. */
export async function revokeAllowance(io: Io, id: string, options: RevokeAllowanceOptions): Promise<Exit> {
  const reason = options.reason === undefined ? {} : { reason: options.reason };
  const revoked = await withDesk(options, ({ desk }) => desk.revokeAllowance(id, reason));
  if (options.json === true) writeJson(io.stdout, asJson(revoked));
  else io.stdout.write(`${displayName(revoked.tool)} ${revoked.id}: taken back after ${revoked.used} calls\n`);
  return EXIT.fine;
}

function table(allowances: readonly Allowance[]): string {
  const now = Date.now();
  return inColumns([
    ["ID", "TOOL", "AGENT", "USED", "TIME LEFT", "PERMITTED BY", "MAY VARY"],
    ...allowances.map(({ agent, approver, chain, expiresAt, id, tool, used, uses, vary }) => [
      id,
      displayName(tool),
      [...chain, agent].map(displayName).join(" > "),
      `${used} of ${uses}`,
      duration(expiresAt - now),
      displayName(approver),
      vary.length === 0 ? "nothing" : vary.map((path) => ["input", ...path].map(displayName).join(".")).join(", "),
    ]),
  ]);
}

function asJson(allowance: Allowance): object {
  const { agent, chain, subject, tenant } = allowance;
  return {
    id: allowance.id,
    tool: allowance.tool,
    principal: { tenant, subject, agent, chain },
    session: allowance.session,
    counterparty: allowance.counterparty,
    rule: allowance.rule,
    vary: allowance.vary.map((path) => ["input", ...path].join(".")),
    input_text: allowance.text,
    uses: allowance.uses,
    used: allowance.used,
    approval_id: allowance.approvalId,
    approver: allowance.approver,
    granted_at: new Date(allowance.grantedAt).toISOString(),
    expires_at: new Date(allowance.expiresAt).toISOString(),
  };
}
