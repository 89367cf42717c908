// #region answer
import { createLeash } from "@leashkit/core";
import { postgresStore } from "@leashkit/postgres";

const store = await postgresStore({ connectionString: process.env["DATABASE_URL"] ?? "" });
const leash = await createLeash({ policy: "leash.yaml", store, state: process.env["LEASH_STATE"] ?? "", notify: [] });
const desk = leash.desk({ id: "mira", method: "chat", assurance: "login" });
// #endregion

let answered = 0;
while (answered === 0) {
  for (const approval of await desk.pending()) {
    await desk.approve(approval.id);
    process.stdout.write(`approved ${approval.text}\n`);
    answered += 1;
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
}
await leash.close();
await store.close();
