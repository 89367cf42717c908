import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLeash, type Leash } from "@leashkit/core";
import axios from "axios";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Order, readOrders } from "./orders.ts";
import { type Shop, startShop } from "./shop.ts";

const POLICY = "leash: 1\ntools:\n  purchase: { counterparty: input.merchant_domain, decision: allow }\n";
const LAMP: Order = { item: "a lamp", merchant_domain: "shop.example", amount_minor: 8_000, currency: "USD" };

describe("the shop", () => {
  const folder = mkdtempSync(join(tmpdir(), "leashkit-shop-"));
  const ledger = join(folder, "orders.jsonl");
  let leash: Leash;
  let shop: Shop;

  beforeAll(async () => {
    leash = await createLeash({ policy: { text: POLICY }, store: "memory" });
    leash.register({ id: "purchase" });
    shop = await startShop({ domain: "shop.example", ledger, keySet: () => leash.keySet() });
  });

  afterAll(async () => {
    await shop.close();
    await leash.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const proofFor = (order: Order): Promise<string> =>
    leash.guard({ tool: "purchase", input: order }, (_, permit) => permit.proof ?? "");

  async function send(body: unknown, proof: string): Promise<number> {
    const headers = { authorization: `Bearer ${proof}` };
    return (await axios.post(shop.url, body, { headers, proxy: false, validateStatus: () => true })).status;
  }

  it("I1: books the order that the proof covers, and no other", async () => {
    const proof = await proofFor(LAMP);
    expect(await send({ ...LAMP, amount_minor: 8_001 }, proof)).toBe(401);
    expect(await send({ ...LAMP, item: "a lamp " }, proof)).toBe(401);
    expect(readOrders(ledger)).toEqual([]);
    expect(await send(LAMP, proof)).toBe(201);
    expect(readOrders(ledger)).toMatchObject([{ order: LAMP, proof }]);
  });

  it("refuses an order without a proof, with a made-up one, and with one for another shop", async () => {
    const before = readOrders(ledger).length;
    const elsewhere = { ...LAMP, merchant_domain: "other.example" };
    expect(await send(LAMP, "")).toBe(401);
    expect(await send(LAMP, "v4.public.AAAA")).toBe(401);
    expect(await send(elsewhere, await proofFor(elsewhere))).toBe(401);
    expect(await send(LAMP, await proofFor(elsewhere))).toBe(401);
    expect(readOrders(ledger)).toHaveLength(before);
  });

  it("refuses what is no order", async () => {
    expect(await send({ item: "a lamp" }, "")).toBe(400);
    expect(await send("{", "")).toBe(400);
    expect(await send({ ...LAMP, item: "x".repeat(20_000) }, "")).toBe(400);
    expect((await axios.get(shop.url, { proxy: false, validateStatus: () => true })).status).toBe(404);
  });
});
