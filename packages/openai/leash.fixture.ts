import { createLeash, type Approval, type Leash, type LeashOptions } from "@leashkit/core";

/** A leash in memory that nobody answers unless the test does. */
export function leashFor(policy: string, options: Partial<LeashOptions> = {}): Promise<Leash> {
  return createLeash({ policy: { text: `leash: 1\n${policy}` }, store: "memory", notify: [], ...options });
}

export const ALLOW_ALL = "default: allow\n";
export const DENY_ALL = "default: deny\n";
export const ASK_ALL = "default: approve\n";

/** The approvals that are open, once there are so many. */
export async function pendingAt(leash: Leash, count = 1): Promise<readonly Approval[]> {
  for (let look = 0; look < 400; look += 1) {
    const pending = await leash.desk({ id: "ann" }).pending();
    if (pending.length >= count) return pending;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`No ${count} approvals were opened in time.`);
}

/** A person who says yes to everything that is open. */
export async function approveAll(leash: Leash, count = 1): Promise<void> {
  for (const { id } of await pendingAt(leash, count)) await leash.desk({ id: "ann" }).approve(id);
}

/** The log's lines, parsed. */
export async function logOf(leash: Leash): Promise<Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = [];
  for await (const line of leash.exportLog()) lines.push(JSON.parse(line) as Record<string, unknown>);
  return lines;
}

/** What the log says became of the calls. */
export const outcomes = async (leash: Leash): Promise<unknown[]> =>
  (await logOf(leash)).filter(({ type }) => type !== "policy.loaded").map(({ type, effective }) => effective ?? type);
