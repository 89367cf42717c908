import { createLeash, type Approval, type Leash, type LeashOptions } from "@leashkit/core";

/** A leash in memory that nobody answers unless the test does. */
export function leashFor(policy: string, options: Partial<LeashOptions> = {}): Promise<Leash> {
  return createLeash({
    policy: { text: `leash: 1\n${policy}` },
    store: "memory",
    notify: [],
    ...options,
  });
}

export const ALLOW_ALL = "default: allow\n";
export const DENY_ALL = "default: deny\n";
export const ASK_ALL = "default: approve\n";

/** The one approval that is open, as soon as it is. */
export async function nextPending(leash: Leash): Promise<Approval> {
  for (let look = 0; look < 400; look += 1) {
    const [approval] = await leash.desk({ id: "ann" }).pending();
    if (approval !== undefined) return approval;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error("No approval was opened in time.");
}

/** A person who says yes to the next question. */
export async function approveNext(leash: Leash): Promise<Approval> {
  return leash.desk({ id: "ann" }).approve((await nextPending(leash)).id);
}

/** The log, line by line. */
export async function lines(leash: Leash): Promise<readonly Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  for await (const line of leash.exportLog()) found.push(JSON.parse(line) as Record<string, unknown>);
  return found;
}
