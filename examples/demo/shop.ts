import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { canonicalText, isLeashError, type KeySet, sha256Hex, verifyProof } from "@leashkit/core";
import { appendLine, type BookedOrder, type Order, orderSchema } from "./orders.ts";

export interface ShopOptions {
  /** The shop's own name. A proof made out to another shop is worthless here. */
  readonly domain: string;
  /** JSONL file of the orders booked. */
  readonly ledger: string;
  /** All the shop knows of the agent's side: its public keys. */
  readonly keySet: () => KeySet;
  /** Called when an order is on disk and the answer is not yet sent. */
  readonly onBooked?: (order: Order) => void;
}

export interface Shop {
  readonly domain: string;
  readonly url: string;
  close(): Promise<void>;
}

/** What the shop tells its caller. */
interface Answer {
  readonly status: 201 | 400 | 401 | 404;
  readonly body: { readonly booked: boolean; readonly message: string };
}

/**
 * A shop on loopback that sells to agents. It books an order only with a proof that was made for this shop and for exactly
 * this order. It does not look for repetitions: were a purchase sent twice, the ledger would show it twice.
 */
export async function startShop(options: ShopOptions): Promise<Shop> {
  const server = createServer((request, response) => {
    void reply(request, response, options);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    domain: options.domain,
    url: `http://127.0.0.1:${port}/orders`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function reply(request: IncomingMessage, response: ServerResponse, options: ShopOptions): Promise<void> {
  const { status, body } = await answer(request, options).catch(() => refuse(400, "The request could not be read."));
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

async function answer(request: IncomingMessage, options: ShopOptions): Promise<Answer> {
  if (request.method !== "POST" || request.url !== "/orders") return refuse(404, "Orders are sent by POST to /orders.");
  const parsed = orderSchema.safeParse(JSON.parse(await readBody(request)));
  if (!parsed.success) return refuse(400, "This is not an order.");
  const order = parsed.data;
  const proof = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
  const problem = whyNot(proof, order, options);
  if (problem !== undefined) return refuse(401, problem);
  const booked: BookedOrder = {
    order,
    bookedAt: Date.now(),
    idempotencyKey: String(request.headers["idempotency-key"] ?? ""),
    proof,
  };
  appendLine(options.ledger, booked);
  options.onBooked?.(order);
  return { status: 201, body: { booked: true, message: `Ordered: ${order.item}` } };
}

/** Why the proof does not cover the order; undefined when it does. */
function whyNot(proof: string, order: Order, { domain, keySet }: ShopOptions): string | undefined {
  if (order.merchant_domain !== domain) return "The order is for another shop.";
  try {
    verifyProof(proof, keySet(), { audience: domain, input: sha256Hex(canonicalText(order)) });
    return undefined;
  } catch (error) {
    return isLeashError(error) ? `The proof does not hold (${error.code}).` : "The proof could not be checked.";
  }
}

const refuse = (status: Exclude<Answer["status"], 201>, message: string): Answer => ({
  status,
  body: { booked: false, message },
});

/** Bytes of an order's JSON that no honest order comes near. */
const MAXIMUM_BODY = 16_384;

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAXIMUM_BODY) throw new Error("The body is too long.");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
