import { createLeash } from "@leashkit/core";

const leash = await createLeash({
  policy: { text: "leash: 1\nrules:\n  - { id: ask, action: send_email, effect: approve }\n" },
  store: "memory",
  notify: [],
});
leash.register({ id: "send_email" });

const calls = ["ann@example.com", "everybody@example.com"].map((to) =>
  leash.guard({ tool: "send_email", input: { to } }, (input) => `sent ${JSON.stringify(input)}`),
);
// Both wait for a person before anybody answers.
const settled = Promise.allSettled(calls);
while ((await leash.desk({ id: "mira" }).pending()).length < calls.length) {
  await new Promise((resolve) => setTimeout(resolve, 5));
}

// #region desk
// Whoever holds a desk can approve: keep it on your side, away from the agent.
const desk = leash.desk({ id: "mira", method: "chat", assurance: "login" });
for (const approval of await desk.pending()) {
  const { to } = JSON.parse(approval.text) as { to: string }; // the very bytes that run
  if (to.startsWith("everybody@")) await desk.deny(approval.id, { reason: "Not to the whole list." });
  else await desk.approve(approval.id);
}
// #endregion

for (const outcome of await settled) {
  const said = outcome.status === "fulfilled" ? outcome.value : String(outcome.reason);
  process.stdout.write(`${said}\n`);
}
await leash.close();
