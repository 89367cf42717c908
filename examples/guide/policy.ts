import { readFile } from "node:fs/promises";
// #region check
import { checkPolicy, createLeash, decisionLine } from "@leashkit/core";

for (const { line, column, message, hint } of await checkPolicy(await readFile("broken.yaml", "utf8"))) {
  process.stdout.write(`${line}:${column} ${message}${hint === undefined ? "" : ` (${hint})`}\n`);
}
// #endregion

// #region try
const leash = await createLeash({
  policy: { text: await readFile("refunds.yaml", "utf8") },
  store: "memory",
  notify: [],
});
leash.register({ id: "refund" });

const inputs = [
  { shop: "shop.storeco.com", amount_minor: 2000 },
  { shop: "shop.storeco.com", amount_minor: 20_000 },
  { shop: "bargains.example", amount_minor: 2000 },
  { shop: "shop.storeco.com", amount_minor: 90_000 },
  { shop: "shop.storeco.com", amount_minor: "2000" }, // a text is not a number
  { shop: "shop.storeco.com" }, // nor is a missing amount
  { amount_minor: 2000 }, // nobody to trust
];
for (const input of inputs) {
  process.stdout.write(`${decisionLine("refund", await leash.decide({ tool: "refund", input }))}\n`);
}
// #endregion
await leash.close();
