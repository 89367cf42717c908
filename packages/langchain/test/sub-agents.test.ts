import { Command } from "@langchain/langgraph";
import { afterEach, describe, expect, it } from "vitest";
import { resumeLeash, wrapTools, type WrapOptions } from "../index.ts";
import { approveNext, ask, contents, nextPending } from "./harness.ts";
import { leaveHomes, newHome } from "./home.ts";
import { buyAndLook, HOSTS, hostOf, POLICY, thread } from "./hosts.ts";
import { subAgent } from "./office.ts";

afterEach(leaveHomes);

const OUTER = Object.keys(HOSTS).slice(0, 3);
const SAVERS = ["that of its parent", "true", "a file of its own"] as const;

/** A sub-agent in a tool of every host, on SQLite. Every life is built anew, as after a restart. */
function office(host: string, saver: (typeof SAVERS)[number] | "false", passed: boolean, options: WrapOptions = {}) {
  const home = newHome();
  const ran: string[] = [];
  const own = newHome();
  const saverOf = () => {
    if (saver === "a file of its own") return own.checkpointer();
    return saver === "that of its parent" ? undefined : saver === "true";
  };
  const live = async () => {
    const leash = await home.leash(POLICY, { principal: { agent: "root" } });
    const { child, outer } = subAgent("outer", leash, {
      calls: buyAndLook,
      ran,
      narrowing: { agent: "buyer", tools: ["buy", "look"] },
      options,
      version: host === "createAgent v1" ? "v1" : "v2",
      checkpointer: saverOf(),
      passed,
    });
    const calls = [{ name: "outer", args: { item: "x" }, id: "o" }];
    const agent = hostOf(host, calls, wrapTools([outer], leash), home.checkpointer());
    return { leash, child, agent };
  };
  return { ran, live };
}

const BOUGHT = { l: "look shelf: 2", a: "buy tea: 4" };

describe.each(OUTER)("%s on SQLite with an agent in a tool", (host) => {
  const handedOn = host === "createAgent v2" ? [false, true] : [false];

  it.each(SAVERS.flatMap((saver) => handedOn.map((passed) => [saver, passed] as const)))(
    "I2: whose checkpointer is %s, its configuration handed on %s: pauses, and the next life runs the one call within",
    async (saver, passed) => {
      const { ran, live } = office(host, saver, passed);
      const { agent, leash } = await live();
      expect((await agent.invoke(ask, thread)).__interrupt__).toHaveLength(1);
      await approveNext(leash);
      const later = await live();
      const done = await resumeLeash(later.agent, thread, { leash: later.child });
      expect(ran).toEqual(["outer", "look shelf", "outer", "buy tea"]);
      expect(contents(done)).toEqual({ o: JSON.stringify(BOUGHT) });
    },
  );

  it.each(handedOn)(
    "I4: without a checkpointer (`false`), its configuration handed on %s: no yes reaches its call, which is new each time",
    async (passed) => {
      const { ran, live } = office(host, "false", passed);
      const { agent, leash } = await live();
      await agent.invoke(ask, thread);
      for (const _time of [1, 2]) {
        const { id } = await approveNext(leash);
        await agent.invoke(new Command({ resume: true }), thread);
        expect((await nextPending(leash)).id).not.toBe(id);
      }
      expect(ran.filter((one) => one.startsWith("buy"))).toEqual([]);
    },
  );

  it.each(handedOn)(
    "I2: without a checkpointer (`false`), its configuration handed on %s, and holding: runs the one call",
    async (passed) => {
      const { ran, live } = office(host, "false", passed, { pause: "hold" });
      const { agent, leash } = await live();
      const running = agent.invoke(ask, thread);
      await approveNext(leash);
      expect(contents(await running)["o"]).toContain("buy tea");
      expect(ran).toEqual(["outer", "look shelf", "buy tea"]);
    },
  );
});
