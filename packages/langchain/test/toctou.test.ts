import { AIMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { wrapTool } from "../index.ts";
import { ALLOW_ALL, ASK_ALL, leashFor, nextPending } from "./harness.ts";

const json = { type: "object", properties: { box: {} } } as const;

function watched(schema: unknown) {
  const ran: unknown[] = [];
  const ship = tool(
    (input) => {
      ran.push(structuredClone(input));
      return "shipped";
    },
    { name: "ship", description: "d", schema: schema as typeof json },
  );
  return { ran, ship };
}

describe("arguments that change after they were looked at", () => {
  it.each([
    ["a JSON schema, whose arguments LangChain passes on by reference", json],
    ["zod's any, which keeps nested references", z.object({ box: z.any() })],
  ])("I1: do not change what runs: %s", async (_what, schema) => {
    const leash = await leashFor(ASK_ALL);
    const { ran, ship } = watched(schema);
    const box = { to: "home" };
    const running = wrapTool(ship, leash).invoke({ box });
    const approval = await nextPending(leash);
    expect(JSON.parse(approval.text)).toEqual({ box: { to: "home" } });
    box.to = "thief";
    await leash.desk({ id: "ann" }).approve(approval.id);
    await running;
    expect(ran).toEqual([{ box: { to: "home" } }]);
  });

  it("I1: do not change what runs in LangGraph's ToolNode, where they are the message's own object", async () => {
    const leash = await leashFor(ASK_ALL);
    const { ran, ship } = watched(json);
    const message = new AIMessage({
      content: "",
      tool_calls: [{ name: "ship", args: { box: { to: "home" } }, id: "a", type: "tool_call" }],
    });
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("tools", new ToolNode([wrapTool(ship, leash)]))
      .addEdge(START, "tools")
      .addEdge("tools", END)
      .compile();
    const running = graph.invoke({ messages: [message] });
    const approval = await nextPending(leash);
    const [first] = message.tool_calls ?? [];
    if (first !== undefined) first.args["box"].to = "thief";
    await leash.desk({ id: "ann" }).approve(approval.id);
    await running;
    expect(ran).toEqual([{ box: { to: "home" } }]);
  });

  it("I1: a tool that changes its input changes a copy", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const box = { to: "home" };
    const schema = z.object({ box: z.any() });
    const ship = tool((input) => (input.box.to = "changed"), { name: "ship", description: "d", schema });
    await wrapTool(ship, leash).invoke({ box });
    expect(box).toEqual({ to: "home" });
  });

  it("I1: a value that answers differently each time is refused", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const { ran, ship } = watched(json);
    let looks = 0;
    const box = {
      get to() {
        looks += 1;
        return looks > 1 ? "thief" : "home";
      },
    };
    await expect(wrapTool(ship, leash).invoke({ box } as never)).rejects.toMatchObject({ code: "LEASH_INPUT_INVALID" });
    expect(ran).toEqual([]);
  });
});
