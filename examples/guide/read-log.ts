import { readLog, type Store } from "@leashkit/core";

// #region read
export async function denials(store: Store, agent: string, since: number): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { record } of readLog(store, { agent, decision: "DENY", from: since })) {
    found.push(`${record.ts} ${record.action_type} ${record.rule}`);
  }
  return found;
}
// #endregion
