// #region agent
import { createLeash } from "@leashkit/core";
import { postgresStore } from "@leashkit/postgres";

const store = await postgresStore({ connectionString: process.env["DATABASE_URL"] ?? "" });
const leash = await createLeash({
  policy: "leash.yaml",
  store,
  state: process.env["LEASH_STATE"] ?? "", // a folder for the keys: every machine needs the same ones
  notify: [], // answered from another process: see answer.ts
});
leash.register({ id: "refund" });

const call = { tool: "refund", input: { order: "A-17", amount_minor: 9000 }, scope: "thread-1", callId: "call-1" };
const outcome = await leash.guard(call, (input) => `refunded ${JSON.stringify(input)}`);
// #endregion
process.stdout.write(`${outcome}\n`);
await leash.close();
await store.close();
