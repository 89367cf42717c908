import { beforeEach, describe, expect, it, vi } from "vitest";
import { isLeashError, type LeashErrorCode } from "../errors.ts";
import { createLeash } from "../leash.ts";
import type { Json } from "../model/json.ts";
import type { Leash } from "../model/leash.ts";
import { memoryStore } from "../store/memory.ts";
import type { Store } from "../store/store.ts";
import { answerRequest, checkAnswer, type CheckOptions, type Message } from "./exchange.ts";

const code = (wanted: LeashErrorCode) => expect.toSatisfy((error: unknown) => isLeashError(error, wanted));

async function leashOf(text: string, agent: string, now = Date.now): Promise<Leash> {
  const principal = { agent };
  const leash = await createLeash({ policy: { text }, store: "memory", notify: [], principal, clock: { now } });
  leash.register({ id: "order" });
  leash.register({ id: "sell" });
  leash.register({ id: "quote" });
  return leash;
}

const BUYER =
  "leash: 1\ntools: { order: { counterparty: input.shop, decision: allow }, quote: { counterparty: input.shop, decision: allow } }\n";

let buyer: Leash;
let seller: Leash;
let store: Store;
let shipped: Json[];

beforeEach(async () => {
  buyer = await leashOf(BUYER, "ada");
  seller = await leashOf(
    "leash: 1\ntools: { sell: { counterparty: input.buyer } }\nrules: [{ id: cheap, action: sell, when: input.answer.price < 100, effect: allow }]\n",
    "shop-agent",
  );
  store = memoryStore();
  shipped = [];
});

const requestFor = (item: string, by = buyer, tool = "order"): Promise<Message> =>
  by.guard({ tool, input: { shop: "shop.example", item } }, (body, permit) => ({
    body,
    proof: permit.proof ?? "",
  }));

const answer = (request: Message, changes: Partial<Parameters<typeof answerRequest>[2]> = {}): Promise<Message> =>
  answerRequest(
    seller,
    request,
    {
      keys: buyer.keySet(),
      audience: "shop.example",
      buyerTool: "order",
      store,
      tool: "sell",
      answer: (body) => ({ price: JSON.stringify(body).includes("sofa") ? 900 : 9 }),
      ...changes,
    },
    (sale) => void shipped.push(sale),
  );

const optionsFor = (request: Message, changes: Partial<CheckOptions> = {}): CheckOptions => ({
  request,
  keys: seller.keySet(),
  ownKeys: buyer.keySet(),
  audience: "ada",
  seller: "shop.example",
  sellerTool: "sell",
  ...changes,
});

describe("a two-sided exchange", () => {
  it("ties the buyer's leave, the seller's leave and the answer together, and keeps both", async () => {
    const request = await requestFor("lamp");
    const sold = await answer(request);
    const claims = await checkAnswer(sold, optionsFor(request, { store }));
    expect(claims).toMatchObject({ aud: "ada", agent_id: "shop-agent", action_type: "sell", rule: "cheap" });
    expect(shipped).toHaveLength(1);
    const [kept] = await store.list("exchange");
    expect(kept?.body).toMatchObject({ request, answer: sold });
  });

  it("A-A3: answers a request once, whoever shows it again", async () => {
    const request = await requestFor("lamp");
    const tries = await Promise.allSettled(Array.from({ length: 10 }, () => answer(request)));
    expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await expect(answer(request)).rejects.toThrow(code("LEASH_TOKEN_USED"));
    expect(shipped).toHaveLength(1);
  });

  it("refuses a request with another body, for another shop, after its time, or with another kind of token", async () => {
    const request = await requestFor("lamp");
    const sofa = { shop: "shop.example", item: "sofa" };
    await expect(answer({ ...request, body: sofa })).rejects.toThrow(code("LEASH_TOKEN_INVALID"));
    await expect(answer(request, { audience: "other.example" })).rejects.toThrow(code("LEASH_TOKEN_AUDIENCE"));
    await expect(answer(request, { keys: seller.keySet() })).rejects.toThrow(code("LEASH_TOKEN_INVALID"));
    const old = await leashOf(BUYER, "ada", () => Date.now() - 200_000);
    const late = await requestFor("lamp", old);
    await expect(answer(late, { keys: old.keySet() })).rejects.toThrow(code("LEASH_TOKEN_EXPIRED"));
    expect(shipped).toEqual([]);
  });

  it("I4: refuses what is no message at all, on either side", async () => {
    const request = await requestFor("lamp");
    for (const text of ["null", "5", '"x"', "[]", "{}", '{"body":{}}', '{"proof":"x"}', '{"body":{},"proof":7}']) {
      const message = JSON.parse(text) as Message;
      const refusal = expect.toSatisfy((error: unknown) => isLeashError(error));
      await expect(answer(message), text).rejects.toThrow(refusal);
      await expect(checkAnswer(message, optionsFor(request)), text).rejects.toThrow(refusal);
    }
    expect(shipped).toEqual([]);
  });

  it("takes leave to ask for a price for no order, and leave to name one for no sale", async () => {
    const asked = await requestFor("lamp", buyer, "quote");
    await expect(answer(asked)).rejects.toThrow(code("LEASH_TOKEN_INVALID"));
    expect(shipped).toEqual([]);
    const quoted = await answer(asked, { buyerTool: "quote" });
    const told = optionsFor(asked, { sellerTool: "quote" });
    await expect(checkAnswer(quoted, told)).rejects.toThrow(code("LEASH_TOKEN_INVALID"));
    expect((await checkAnswer(quoted, optionsFor(asked))).action_type).toBe("sell");
    for (const tool of ["", undefined as unknown as string]) {
      await expect(answer(asked, { buyerTool: tool })).rejects.toThrow(code("LEASH_CONFIG_INVALID"));
      await expect(checkAnswer(quoted, { ...told, sellerTool: tool })).rejects.toThrow(code("LEASH_CONFIG_INVALID"));
    }
  });

  it("sells nothing that the seller's own policy does not allow", async () => {
    await expect(answer(await requestFor("sofa"))).rejects.toThrow(code("LEASH_DENIED"));
    expect(shipped).toEqual([]);
  });

  it("refuses an answer that was changed, belongs to another request, or is somebody else's", async () => {
    const request = await requestFor("lamp");
    const sold = await answer(request);
    const other = await requestFor("chair");
    const bad: readonly [Message, CheckOptions, LeashErrorCode][] = [
      [{ ...sold, body: { price: 1 } }, optionsFor(request), "LEASH_TOKEN_INVALID"],
      [sold, optionsFor(other), "LEASH_TOKEN_INVALID"],
      [await answer(other), optionsFor(request), "LEASH_TOKEN_INVALID"],
      [sold, optionsFor(request, { audience: "eve" }), "LEASH_TOKEN_INVALID"],
      [sold, optionsFor(request, { seller: "other.example" }), "LEASH_TOKEN_AUDIENCE"],
      [sold, optionsFor(request, { keys: buyer.keySet() }), "LEASH_TOKEN_INVALID"],
      [{ ...sold, proof: request.proof }, optionsFor(request), "LEASH_TOKEN_INVALID"],
    ];
    for (const [message, options, wanted] of bad) {
      await expect(checkAnswer(message, { ...options, store }), wanted).rejects.toThrow(code(wanted));
    }
    expect(await store.list("exchange")).toEqual([]);
    await checkAnswer(sold, optionsFor(request, { store }));
    await expect(checkAnswer(sold, optionsFor(request, { store }))).rejects.toThrow(code("LEASH_TOKEN_USED"));
  });

  it("sends what was proven, whatever the sale does to its input, and nothing that has no answer", async () => {
    const request = await requestFor("lamp");
    const spoil = (sale: Json): void => void Object.assign(sale as object, { answer: { price: 1 } });
    const options = {
      keys: buyer.keySet(),
      audience: "shop.example",
      buyerTool: "order",
      store,
      tool: "sell",
      answer: () => ({ price: 9 }),
    };
    const sold = await answerRequest(seller, request, options, spoil);
    expect(sold.body).toEqual({ price: 9 });
    expect((await checkAnswer(sold, optionsFor(request))).rule).toBe("cheap");
    const removing =
      "leash: 1\ntools: { sell: { counterparty: input.buyer } }\nrules: [{ id: bare, action: sell, effect: compute, compute: { remove: [answer] } }]\n";
    seller = await leashOf(removing, "shop-agent");
    await expect(answer(await requestFor("lamp"))).rejects.toThrow(code("LEASH_INPUT_INVALID"));
    expect(shipped).toEqual([]);
  });

  it("takes an answer that came after the request's own proof had ended", async () => {
    const slow = await leashOf(BUYER, "ada", () => Date.now() - 100_000);
    const request = await requestFor("lamp", slow);
    const sold = await answer(request, { keys: slow.keySet() });
    vi.useFakeTimers({ now: Date.now() + 60_000, toFake: ["Date"] });
    try {
      const options = optionsFor(request, { ownKeys: slow.keySet() });
      expect((await checkAnswer(sold, options)).aud).toBe("ada");
    } finally {
      vi.useRealTimers();
    }
  });

  it("proves nothing where the seller only observes", async () => {
    const text = "leash: 1\nmode: observe\ndefault: allow\n";
    seller = await leashOf(text, "shop-agent");
    await expect(answer(await requestFor("lamp"))).rejects.toThrow(code("LEASH_CONFIG_INVALID"));
    expect(shipped).toEqual([]);
  });
});
