import { createLeash, loadPolicy, memoryStore, readRun, redrive, replay } from "@leashkit/core";

const store = memoryStore();
const rules = (most: number) =>
  `leash: 1\nrules: [{ id: small, action: refund, when: input.amount <= ${most}, effect: allow }]\n`;
const leash = await createLeash({ policy: { text: rules(50) }, store, notify: [] });
leash.register({ id: "refund" });
for (const amount of [20, 80, 40]) {
  await leash.attempt({ tool: "refund", input: { amount }, session: "thread-1" }, () => "refunded");
}

// #region strict
const again = await replay({ store, strict: true }).summary();
process.stdout.write(`${again.same} of ${again.decisions} the same\n`);
// #endregion

// #region policy
const policy = await loadPolicy(rules(30));
const { flips } = await replay({ store, policy }).summary();
for (const { flip, now, tool, was } of flips) {
  process.stdout.write(`${tool}: ${flip}, by ${was.rule} then, by ${now.rule} now\n`);
}
// #endregion

// #region redrive
const run = await readRun({ store, session: "thread-1" });
const { divergence, matched, unreachable } = await redrive(run, { store, policy: await loadPolicy(rules(100)) });
process.stdout.write(
  `${matched} calls go as they went; then ${divergence?.was?.effect} becomes ${divergence?.now?.effect}\n`,
);
process.stdout.write(`${unreachable.length} call after it: nobody knows whether it would have been made\n`);
// #endregion

await leash.close();
