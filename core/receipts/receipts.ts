import type { KeySet } from "../model/keys.ts";
import type { Receipts } from "../model/receipt.ts";
import { openRow } from "../store/envelope.ts";
import type { Row } from "../store/store.ts";
import { receiptEnvelope } from "./envelope.ts";
import { lateReceipts } from "./late.ts";
import { type ReceiptExpectation, verifyReceipt } from "./receipt.ts";
import { receiptChange, type ReceiptParts, type ReceiptWriter, type StoredReceipt } from "./writer.ts";

/** The receipts of one tenant: those that were signed, and those that still can be. */
export function createReceipts(parts: ReceiptParts, tenant: string, writer?: Pick<ReceiptWriter, "flush">): Receipts {
  async function list(actionId: string): Promise<readonly string[]> {
    // What this very process is about to sign is not late.
    await writer?.flush();
    const known = await rowsOf(parts, actionId);
    const isKnown = (id: string): boolean => known.some((row) => row.id === id);
    for (const input of await lateReceipts(parts, tenant, actionId, isKnown)) {
      // Somebody else may be quicker; one of the two stays.
      await parts.store.commit([receiptChange(parts, input)]);
    }
    const keys: KeySet = { v: 1, keys: parts.keys.publicKeys("receipt") };
    return (await rowsOf(parts, actionId))
      .map((row) => openRow<StoredReceipt>(row).value.token)
      .filter((token) => isOwn(token, keys, { actionId, tenant }));
  }
  const get = async (actionId: string): Promise<string | undefined> => (await list(actionId)).at(-1);
  return {
    list,
    get,
    async envelope(actionId) {
      const token = await get(actionId);
      if (token === undefined) return undefined;
      return receiptEnvelope(parts.keys.signer("receipt"), verifyReceipt(token, parts.keys.publicKeys("receipt")));
    },
  };
}

/** A row is no authority: what it holds must be ours, and about this very action. */
function isOwn(token: string, keys: KeySet, expected: ReceiptExpectation): boolean {
  try {
    verifyReceipt(token, keys, expected);
    return true;
  } catch {
    return false;
  }
}

const PAGE = 1_000;

async function rowsOf({ store }: ReceiptParts, actionId: string): Promise<readonly Row[]> {
  const start = `${actionId}.`;
  const found: Row[] = [];
  for (;;) {
    const page = await store.list("receipt", { after: found.at(-1)?.id ?? start, limit: PAGE });
    const own = page.filter(({ id }) => id.startsWith(start));
    found.push(...own);
    if (own.length < PAGE) return found;
  }
}
