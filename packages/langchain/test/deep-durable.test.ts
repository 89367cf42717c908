import { Command, MemorySaver, type BaseCheckpointSaver } from "@langchain/langgraph";
import { afterEach, describe, expect, it } from "vitest";
import { resumeLeash } from "../index.ts";
import { deepOffice, delegate, toldWithin, type Scripts } from "./deep.ts";
import { approveNext, ask, nextPending, pendingAt, type Call } from "./harness.ts";
import { leaveHomes, newHome } from "./home.ts";
import { thread } from "./hosts.ts";

afterEach(leaveHomes);

const POLICY = "default: allow\ntools: { buy: { decision: approve }, write_file: { decision: approve } }\n";
const ROOT = { principal: { agent: "root" } } as const;
const DENIED = expect.stringMatching(/^Denied by policy/u);
const buy = (item: string, id = item): Call => ({ name: "buy", args: { item }, id });
const look = (item: string, id = item): Call => ({ name: "look", args: { item }, id });

const SAVERS = ["MemorySaver", "SQLite"] as const;

/** Every life is built anew, as after a restart; approvals lie on disk, threads where the saver keeps them. */
function lives(saver: (typeof SAVERS)[number], scripts: Scripts, policy = POLICY) {
  const home = newHome();
  const ran: string[] = [];
  const memory = new MemorySaver();
  const saverOf = (): BaseCheckpointSaver => (saver === "SQLite" ? home.checkpointer() : memory);
  const live = async () => {
    const leash = await home.leash(policy, ROOT);
    return { leash, ...deepOffice({ leash, scripts, ran, checkpointer: saverOf() }) };
  };
  return { ran, live };
}

describe.each(SAVERS)("a task that waits for a person, its thread in %s", (saver) => {
  it.each(["buyer", "general-purpose", "fork"])(
    "A-A28 I2: of %s, some steps in: is asked about at the root with the way to it, once, and goes on in the next life",
    async (name) => {
      const steps = [[look("shelf")], [look("price")], [buy("tea")], [look("receipt")]];
      const { ran, live } = lives(saver, { go: [[delegate(name)]], [name]: steps });
      const first = await live();
      const paused = await first.agent.invoke(ask, thread);
      expect(paused.__interrupt__?.map(({ value }) => value.leash)).toMatchObject([
        { tool: "buy", toolCallId: "tea", path: ["root", name] },
      ]);
      const asked = await nextPending(first.leash);
      expect(asked.principal).toMatchObject({ agent: name, chain: ["root"] });

      const second = await live();
      for (const resume of [true, { decisions: [{ type: "approve" }] }]) {
        await second.agent.invoke(new Command({ resume }), thread);
        expect((await pendingAt(second.leash.desk({ id: "ann" }))).map(({ id }) => id)).toEqual([asked.id]);
      }
      expect(ran).toEqual(["look shelf", "look price"]);
      await approveNext(second.leash);

      const third = await live();
      const done = await resumeLeash(third.agent, thread, { leash: third.leashes });
      expect(ran).toEqual(["look shelf", "look price", "buy tea", "look receipt"]);
      expect(toldWithin(done, name)).toMatchObject({ tea: "buy tea: 3", receipt: "look receipt: 4" });
      expect(await third.leash.desk({ id: "ann" }).pending()).toEqual([]);
      expect(await resumeLeash(third.agent, thread, { leash: third.leashes })).toBeUndefined();
    },
  );

  it("I2: asks about one call after the other, each once, and a no ends only its own", async () => {
    const steps = [[buy("tea")], [look("shelf")], [buy("car")], [buy("milk")]];
    const { ran, live } = lives(saver, { go: [[delegate("buyer")]], buyer: steps });
    await (await live()).agent.invoke(ask, thread);
    const seen = new Set<string>();
    let done;
    for (const answer of ["approve", "deny", "approve"] as const) {
      const { agent, leash, leashes } = await live();
      const { id } = await nextPending(leash);
      seen.add(id);
      await leash.desk({ id: "ann" })[answer](id);
      const step = resumeLeash(agent, thread, { leash: leashes, timeoutMs: 0 });
      done = await step.catch(() => undefined);
    }
    expect(seen.size).toBe(3);
    expect(ran).toEqual(["buy tea", "look shelf", "buy milk"]);
    expect(toldWithin(done, "buyer")).toMatchObject({ car: expect.stringContaining("A person denied this call.") });
  });

  it("I2 I3: two tasks at a time wait beside their agent, and each answer counts for its own call", async () => {
    const calls = [delegate("buyer"), delegate("buyer", "again", "another"), buy("pen")];
    const { ran, live } = lives(saver, { go: [calls], buyer: [[buy("tea")]], another: [[buy("car")]] });
    const { agent, leash } = await live();
    expect((await agent.invoke(ask, thread)).__interrupt__).toHaveLength(3);
    const desk = leash.desk({ id: "ann" });
    const pending = await pendingAt(desk, 3);
    expect(pending.map(({ principal }) => principal.agent).toSorted()).toEqual(["buyer", "buyer", "root"]);
    for (const { id, text } of pending) await (text.includes("car") ? desk.deny(id) : desk.approve(id));
    const later = await live();
    const done = await resumeLeash(later.agent, thread, { leash: later.leashes });
    expect(ran.toSorted()).toEqual(["buy pen", "buy tea"]);
    expect(toldWithin(done, "again")).toEqual({ car: expect.stringContaining("A person denied this call.") });
    expect(toldWithin(done, "buyer")).toEqual({ tea: expect.stringMatching(/^buy tea/u) });
  });

  it("I1 A-A28: a file that a task is to write is asked about, and written once, as it was approved", async () => {
    const writes: Call = { name: "write_file", args: { file_path: "/notes.txt", content: "approved" }, id: "w" };
    const edits = { name: "edit_file", args: { file_path: "/notes.txt", old_string: "approved", new_string: "x" } };
    const policy = `${POLICY}rules: [{ id: edits, action: edit_file, effect: deny }]\n`;
    const scripts = { go: [[delegate("clerk")]], clerk: [[writes], [{ ...edits, id: "e" }]] };
    const { live } = lives(saver, scripts, policy);
    const first = await live();
    await first.agent.invoke(ask, thread);
    expect(JSON.parse((await approveNext(first.leash)).text)).toEqual(writes.args);
    const { agent, leashes } = await live();
    const done = await resumeLeash(agent, thread, { leash: leashes });
    expect(done).toMatchObject({ files: { "/notes.txt": { content: "approved" } } });
    expect(toldWithin(done, "clerk")).toMatchObject({ e: DENIED });
  });

  it("I3: is asked about itself first where the policy says so, and then for what it does", async () => {
    const policy = `${POLICY}rules: [{ id: tasks, action: task, effect: approve }]\n`;
    const { ran, live } = lives(saver, { go: [[delegate("buyer")]], buyer: [[buy("tea")]] }, policy);
    const first = await live();
    await first.agent.invoke(ask, thread);
    expect(await approveNext(first.leash)).toMatchObject({ tool: "task", principal: { agent: "root" } });
    const second = await live();
    const asked = resumeLeash(second.agent, thread, { leash: second.leashes, timeoutMs: 0 });
    await expect(asked).rejects.toMatchObject({ code: "LEASH_PENDING" });
    expect(ran).toEqual([]);
    expect(await approveNext(second.leash)).toMatchObject({ tool: "buy", principal: { agent: "buyer" } });
    const third = await live();
    await resumeLeash(third.agent, thread, { leash: third.leashes });
    expect(ran).toEqual(["buy tea"]);
  });
});
