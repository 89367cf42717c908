import { createServer, type IncomingMessage } from "node:http";
import {
  answerRequest,
  createLeash,
  isLeashError,
  type Json,
  type KeySet,
  type Message,
  sqliteStore,
} from "@leashkit/core";

const [state = "", buyerKeys = ""] = process.argv.slice(2);
const keys = JSON.parse(buyerKeys) as KeySet;

const leash = await createLeash({ policy: new URL("shop.yaml", import.meta.url).pathname, state });
leash.register({ id: "sell" });
const store = await sqliteStore({ file: `${state}/requests.db` });

const PRICES: Readonly<Record<string, number>> = { lamp: 1_999, sofa: 79_900 };

/** What the shop would answer. It changes nothing: whether the shop may sell is for its own policy to say. */
function quote(order: Json): Json {
  const { item } = order as { readonly item: string };
  return { item, amount_minor: PRICES[item] ?? 0, currency: "USD" };
}

// #region seller
async function answer(request: Message): Promise<Message> {
  return answerRequest(
    leash,
    request,
    { keys, audience: "shop.example", buyerTool: "order", store, tool: "sell", answer: quote },
    () => "shipped",
  );
}
// #endregion

async function bodyOf(message: IncomingMessage): Promise<Message> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as Message;
}

const server = createServer((message, response) => {
  void bodyOf(message)
    .then(answer)
    .then((sold) => response.end(JSON.stringify(sold)))
    .catch((error: unknown) => {
      response.statusCode = 403;
      response.end(JSON.stringify({ refused: isLeashError(error) ? error.code : "?" }));
    });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  process.stdout.write(`${JSON.stringify({ port, keys: leash.keySet() })}\n`);
});
