import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createLeash,
  isLeashError,
  type KeySet,
  openDesk,
  operatingSystemUser,
  type ProofClaims,
  sqliteStore,
  type Store,
  verifyProof,
} from "@leashkit/core";

// #region once
/** Takes each proof once, over restarts and over all processes that share the store. */
export function takeOnce(proof: string, keys: KeySet, seen: Store): Promise<ProofClaims> {
  return verifyProof(proof, keys, { audience: "shop.example", once: seen });
}
// #endregion

const folder = await mkdtemp(join(tmpdir(), "leash-once-"));
const state = join(folder, "agent");
const leash = await createLeash({
  policy: { text: "leash: 1\ntools:\n  order: { counterparty: input.shop, decision: allow }\n" },
  state,
});
leash.register({ id: "order" });
const seen = await sqliteStore({ file: join(folder, "shop.db") });

const order = async (): Promise<string> => {
  const call = { tool: "order", input: { shop: "shop.example", item: "lamp" } };
  return leash.guard(call, (_body, permit) => permit.proof ?? "");
};
const tell = async (what: string, proof: string): Promise<void> => {
  const taken = takeOnce(proof, leash.keySet(), seen);
  const outcome = await taken.then(
    () => "taken",
    (error: unknown) => (isLeashError(error) ? error.code : "?"),
  );
  process.stdout.write(`${what}: ${outcome}\n`);
};

const first = await order();
await tell("a proof", first);
await tell("the same again", first);
const second = await order();

// #region rotate
const open = await openDesk({ state, approver: operatingSystemUser("script") });
const made = await open.keys.rotate("proof"); // signs from now on; what the old key signed still holds
const published = open.keys.keySet(); // to be published at once
// #endregion
await tell("signed before the rotation", second);
const third = await order();
// #region revoke
for (const { kid, purpose } of published.keys) {
  if (purpose === "proof" && kid !== made.kid) await open.keys.revoke(kid); // what it signed is refused from now on
}
await open.close();
// #endregion
await tell("signed with the new key", third);
await tell("signed with the revoked key", first);
await seen.close();
await leash.close();
