import { canonicalText, type KeySet, type ProofClaims, sha256Hex, verifyProof } from "@leashkit/core";
import axios from "axios";
import { AGENT } from "./agent.ts";
import { type LogEntry, readLog } from "./log.ts";
import { type BookedOrder, dollars, readOrders, readWrittenFiles } from "./orders.ts";
import { counted } from "./print.ts";
import type { World } from "./world.ts";

/** What the final check found, beside what it stated as checks. */
export interface Evidence {
  readonly orders: number;
  readonly proofsVerified: number;
  readonly logVerified: boolean;
}

/** Tries to buy without leave: nobody at the shop has to trust the agent, or Leashkit. */
export async function attackTheShop(world: World): Promise<void> {
  world.printer.chapter("Somebody talks to the shop without leave");
  const before = readOrders(world.files.orders);
  const booked = before[0];
  if (booked === undefined) return world.check("there is an order to copy", false);
  const send = async (order: unknown, proof: string): Promise<number> => {
    const url = world.tools.merchants[booked.order.merchant_domain] ?? "";
    const headers = { authorization: `Bearer ${proof}` };
    return (await axios.post(url, order, { headers, proxy: false, validateStatus: () => true })).status;
  };
  const dearer = { ...booked.order, amount_minor: booked.order.amount_minor + 1 };
  world.check("an order without a proof is refused (401)", (await send(booked.order, "")) === 401);
  world.check(
    `a proof for ${dollars(booked.order.amount_minor)} does not buy for one cent more (401)`,
    (await send(dearer, booked.proof)) === 401,
  );
  world.check("nothing was booked", readOrders(world.files.orders).length === before.length);
}

/** Checks the evidence as a stranger would: with the ledgers, the log and the public keys. */
export async function checkEverything(world: World): Promise<Evidence> {
  world.printer.chapter("The evidence is checked");
  const orders = readOrders(world.files.orders);
  const keys = JSON.parse(JSON.stringify(world.leash.keySet())) as KeySet;
  const claims = verifiedClaims(world, orders, keys);
  const log = await readLog(world.leash);
  checkGrants(world, log, claims);
  checkOrders(world, log, orders);
  const report = await world.leash.verifyLog();
  world.check(
    `the log holds: ${counted(report.records, "line")} in ${counted(report.streams, "unbroken chain")}`,
    report.ok,
  );
  return { orders: orders.length, proofsVerified: claims.length, logVerified: report.ok };
}

/** Verifies the proof beside each order and each written file; returns the claims of those that hold. */
function verifiedClaims(world: World, orders: readonly BookedOrder[], keys: KeySet): readonly ProofClaims[] {
  const shown = [
    ...orders.map(({ order, proof, bookedAt }) => ({
      input: order,
      proof,
      at: bookedAt,
      audience: order.merchant_domain,
    })),
    ...readWrittenFiles(world.files.writtenFiles).map(({ input, proof, writtenAt }) => ({
      input,
      proof,
      at: writtenAt,
      audience: AGENT,
    })),
  ];
  const claims = shown.flatMap(({ input, proof, at, audience }) => {
    try {
      return [verifyProof(proof, keys, { audience, agent: AGENT, input: sha256Hex(canonicalText(input)), now: at })];
    } catch {
      return [];
    }
  });
  world.check(
    `of ${counted(shown.length, "proof")} ${claims.length} hold for exactly what was done`,
    claims.length === shown.length,
  );
  return claims;
}

/** Every proof belongs to one leave in the log and the other way round; where a person was asked, they said yes to it. */
function checkGrants(world: World, log: readonly LogEntry[], claims: readonly ProofClaims[]): void {
  const grants = log.filter(({ type }) => type === "granted");
  const granted = grants.map(({ proof_jti: jti, digest }) => `${jti} ${digest}`).toSorted();
  const proven = claims.map(({ jti, action_hash: digest }) => `${jti} ${digest}`).toSorted();
  world.check(
    "each proof belongs to one leave in the log, and each leave to one proof",
    granted.join() === proven.join(),
  );

  const answered = (answer: "approve" | "deny") =>
    log.filter((entry) => entry.type === "approval.settled" && entry.answer === answer);
  const yes = new Set(answered("approve").map(({ approval_id: id, digest }) => `${id} ${digest}`));
  const asked = grants.filter(({ approval_id: id }) => id !== undefined);
  world.check(
    "whatever ran after a question has a person's yes to the same digest",
    asked.every(({ approval_id: id, digest }) => yes.has(`${id} ${digest}`)),
  );
  const refused = [
    ...answered("deny"),
    ...log.filter((entry) => entry.type === "approval.expired" || entry.decision === "DENY"),
  ];
  const ran = new Set(grants.map(({ digest }) => digest));
  world.check(
    "nothing ran that was denied or expired",
    refused.every(({ digest }) => !ran.has(digest)),
  );
}

function checkOrders(world: World, log: readonly LogEntry[], orders: readonly BookedOrder[]): void {
  const purchases = (type: LogEntry["type"]): number =>
    log.filter((entry) => entry.type === type && entry.action_type === "purchase").length;
  const executed = purchases("executed");
  const unknown = purchases("unknown");
  world.check(
    `${counted(orders.length, "order")}: ${counted(executed, "purchase")} that ran to the end, ${unknown} of unknown outcome`,
    orders.length === executed + unknown,
  );
  const keys = new Set(orders.map(({ idempotencyKey }) => idempotencyKey));
  world.check("no order was placed twice", keys.size === orders.length && !keys.has(""));
}
