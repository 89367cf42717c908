export { wrapTools } from "@leashkit/langchain";
import { Command } from "@langchain/langgraph";
import { tool } from "langchain";
import { z } from "zod";
export const leashStatusTool = (leash: any, tools: any) =>
  tool(
    async ({ ref }: any) => {
      const d = await leash.deferred(ref);
      if (d.status !== "approved" && d.status !== "consumed") return `Waiting for a person, ref ${ref}`;
      return leash.collect(ref, (input: any) => tools.find((t: any) => t.name === d.tool).lc_raw?.(input) ?? "ran?");
    },
    { name: "leash_status", description: "s", schema: z.object({ ref: z.string() }) },
  );
export async function resumeLeash(agent: any, config: any) {
  for (;;) {
    const s = await agent.getState(config);
    const ints = s.tasks.flatMap((t: any) => t.interrupts);
    if (!ints.length) return s.next.length ? agent.invoke(null, config) : s.values;
    const r = await agent.invoke(
      new Command({ resume: Object.fromEntries(ints.map((i: any) => [i.id, true])) }),
      config,
    );
    if (!r.__interrupt__) return r;
  }
}
