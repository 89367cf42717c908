import { createLeash, isLeashError, type Json, LeashPending, NoEffect, type Permit, refusalText } from "@leashkit/core";

const leash = await createLeash({
  policy: { text: "leash: 1\ntools:\n  search: { decision: allow }\n  send_email: { decision: approve }\n" },
  store: "memory",
  notify: [],
});
for (const id of ["search", "send_email", "erase_disk"]) leash.register({ id });

async function work(input: Json, permit: Permit): Promise<string> {
  if (permit.tool === "search") return "3 results";
  return `sent ${JSON.stringify(input)}`;
}

// #region loop
/** What the model gets for one of its calls: a result, or the words of a refusal. */
async function runCall(call: { readonly id: string; readonly name: string; readonly args: unknown }): Promise<string> {
  try {
    // With `scope` and `callId` the call is known again after a restart; without them every proposal is a call of its own.
    return await leash.guard({ tool: call.name, input: call.args, scope: "thread-17", callId: call.id }, work, {
      pause: "defer",
    });
  } catch (error) {
    const text = refusalText(error);
    if (text === undefined) throw error; // not a refusal: the tool's own exception, or a mistake of ours
    return text;
  }
}
// #endregion

process.stdout.write(`${await runCall({ id: "call_1", name: "search", args: { query: "lamps" } })}\n`);
process.stdout.write(`${await runCall({ id: "call_2", name: "erase_disk", args: {} })}\n`);

// #region defer
const email = { tool: "send_email", input: { to: "ann@example.com" }, scope: "thread-17", callId: "call_3" };
try {
  await leash.guard(email, work, { pause: "defer" });
} catch (error) {
  if (!(error instanceof LeashPending)) throw error;
  process.stdout.write(`${error.tool} waits\n`); // `error.ref` names it for people, `error.expiresAt` says until when

  await leash.desk({ id: "mira" }).approve(error.ref); // a person, somewhere else

  process.stdout.write(`${await leash.collect(error.ref, work)}\n`); // runs once
  process.stdout.write(`${await leash.collect(error.ref, work)}\n`); // the recorded result, nothing runs
}
// #endregion

// #region outcomes
async function lookUp(): Promise<never> {
  throw new NoEffect("The search index is being rebuilt."); // ended before anything changed outside
}
try {
  await leash.guard({ tool: "search", input: { query: "chairs" } }, lookUp);
} catch (error) {
  process.stdout.write(isLeashError(error) ? error.code : `the tool's own: ${String(error)}\n`);
}
// #endregion
await leash.close();
