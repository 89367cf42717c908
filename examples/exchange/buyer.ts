import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkAnswer, createLeash, isLeashError, type KeySet, type Message, sqliteStore } from "@leashkit/core";

const folder = mkdtempSync(join(tmpdir(), "leashkit-exchange-"));
const leash = await createLeash({
  policy: new URL("buyer.yaml", import.meta.url).pathname,
  state: join(folder, "buyer"),
  principal: { subject: "ada", agent: "ada-buyer" },
});
leash.register({ id: "order" });
const store = await sqliteStore({ file: join(folder, "exchanges.db") });

// The shop is a process of its own, with a leash of its own. Each was given the other's public keys.
const shop = spawn(
  process.execPath,
  ["--conditions=leashkit:source", "--import", "tsx", "shop.ts", join(folder, "shop"), JSON.stringify(leash.keySet())],
  { cwd: new URL(".", import.meta.url).pathname, stdio: ["ignore", "pipe", "inherit"] },
);
const { port, keys } = await new Promise<{ port: number; keys: KeySet }>((resolve) => {
  shop.stdout.once("data", (line) => resolve(JSON.parse(String(line)) as { port: number; keys: KeySet }));
});

const send = async (request: Message): Promise<Message & { readonly refused?: string }> => {
  const response = await fetch(`http://127.0.0.1:${port}`, { method: "POST", body: JSON.stringify(request) });
  return (await response.json()) as Message & { readonly refused?: string };
};

/** Asks the shop for one thing, where the buyer's own policy lets it. */
async function order(item: string): Promise<Message> {
  const input = { shop: "shop.example", item };
  return leash.guard({ tool: "order", input }, (body, permit) => ({ body, proof: permit.proof ?? "" }));
}

const request = await order("lamp");
const answer = await send(request);
// #region buyer
const sold = await checkAnswer(answer, {
  request,
  keys,
  ownKeys: leash.keySet(),
  audience: "ada-buyer",
  seller: "shop.example",
  sellerTool: "sell",
  store,
});
// #endregion
process.stdout.write(`sold: ${JSON.stringify(answer.body)}, allowed by ${sold.rule} of the shop\n`);

process.stdout.write(`the same request again: ${(await send(request)).refused}\n`);
const other = { ...(await order("lamp")), body: { shop: "shop.example", item: "sofa" } };
process.stdout.write(`another body under the proof: ${(await send(other)).refused}\n`);
process.stdout.write(`a sale beyond what the shop's policy allows: ${(await send(await order("sofa"))).refused}\n`);

const dearer = { ...answer, body: { item: "lamp", amount_minor: 1, currency: "USD" } };
const parties = { audience: "ada-buyer", seller: "shop.example", sellerTool: "sell" };
const options = { request, keys, ownKeys: leash.keySet(), ...parties };
const changed = await checkAnswer(dearer, options).then(
  () => "taken",
  (error: unknown) => (isLeashError(error) ? error.code : "?"),
);
process.stdout.write(`an answer that was changed on the way: ${changed}\n`);

shop.kill();
await Promise.all([store.close(), leash.close()]);
rmSync(folder, { recursive: true, force: true });
