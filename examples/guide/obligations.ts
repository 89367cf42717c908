import { createLeash } from "@leashkit/core";

// #region register
const leash = await createLeash({
  policy: {
    text: "leash: 1\nrules: [{ id: wire, action: wire_transfer, effect: allow, obligations: [{ type: notify_security }] }]",
  },
  store: "memory",
  obligations: {
    // Before the run: what it throws stops the call.
    notify_security: ({ params }, { permit }) => {
      process.stdout.write(`${permit.tool} is about to run (${JSON.stringify(params)})\n`);
    },
  },
});
// #endregion

leash.register({ id: "wire_transfer" });
await leash.guard({ tool: "wire_transfer", input: { amount_minor: 100 } }, () => process.stdout.write("sent\n"));
