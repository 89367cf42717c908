import { createLeash, isLeashError, type KeySet } from "@leashkit/core";
import { requireProof } from "./verify.ts";

const leash = await createLeash({
  policy: {
    text: "leash: 1\ntools:\n  order: { counterparty: input.shop, decision: allow }\n",
  },
  store: "memory",
});
leash.register({ id: "order" });

// The agent's side: the call runs, and the tool sends body and proof along.
const sent = await leash.guard({ tool: "order", input: { shop: "shop.example", item: "lamp" } }, (body, permit) => ({
  body,
  proof: permit.proof ?? "",
}));

// The shop's side: it was given the public keys once, as JSON.
const keys = JSON.parse(JSON.stringify(leash.keySet())) as KeySet;
const claims = requireProof(sent.body, sent.proof, keys);
process.stdout.write(`holds: ${claims.action_type} by ${claims.agent_id}, allowed by ${claims.rule}\n`);

try {
  requireProof({ shop: "shop.example", item: "ten lamps" }, sent.proof, keys);
} catch (error) {
  process.stdout.write(`another body: ${isLeashError(error) ? error.code : "?"}\n`);
}
await leash.close();
