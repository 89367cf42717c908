import { Settings, type JSONValue } from "@llamaindex/core/global";
import type { ZodSchema } from "@llamaindex/core/zod";
import { tool } from "@llamaindex/core/tools";
import { agent } from "@llamaindex/workflow";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { z as z3 } from "zod/v3";
import { leashTool, wrapTools, type LeashToolOptions } from "./index.ts";
import { ALLOW_ALL, approveNext, ASK_ALL, DENY_ALL, leashFor, lines } from "./leash.fixture.ts";
import { call, ScriptedLlm } from "./scripted-llm.fixture.ts";

const payment = z.object({ to: z.string(), amount: z.number().default(5) });
const DENIED = "Denied by policy. Do not retry this call with the same arguments.";

/** An agent with one tool that pays, whatever it is asked; what the model saw and what was paid. */
async function run(
  policy: string,
  calls: readonly ReturnType<typeof call>[],
  options: LeashToolOptions & { readonly mode?: "observe"; readonly schema?: ZodSchema } = {},
) {
  const { mode, schema = payment, ...wrapping } = options;
  const leash = await leashFor(policy, mode === undefined ? {} : { mode });
  const paid: unknown[] = [];
  const execute = (input: unknown): JSONValue => `paid ${paid.push(input)}`;
  const pay = tool({ name: "pay", description: "d", parameters: schema, execute });
  const llm = new ScriptedLlm(calls);
  const workflow = agent({ llm, tools: [leashTool(pay, leash, wrapping)] });
  const result = workflow.run("go").then(({ data }) => data.result);
  return { leash, llm, paid, result };
}

describe("a zod failure only logs a warning", () => {
  it("I1: what does not fit the schema is refused before the policy and never runs; the model hears where", async () => {
    const { leash, llm, paid, result } = await run(ALLOW_ALL, [call("pay", { to: 42, amount: "hunter2" })]);
    expect(await result).toBe("done");
    expect(paid).toEqual([]);
    expect(llm.results["a"]?.text).toMatch(/^Denied: the arguments .*to.*amount.*corrected arguments\.$/u);
    expect(JSON.stringify([llm.results, await lines(leash)])).not.toContain("hunter2");
    expect(await lines(leash)).toContainEqual(expect.objectContaining({ reason_code: "input_invalid" }));
  });

  it("I1: nor does what a refinement refuses, which LlamaIndex would run all the same", async () => {
    const schema = payment.refine(({ amount }) => amount < 100);
    const { paid, result } = await run(ALLOW_ALL, [call("pay", { to: "ann", amount: 500 })], {
      schema,
    });
    await result;
    expect(paid).toEqual([]);
  });

  it("I1: a tool whose zod 3 schema cannot be seen is not wrapped until the schema is stated", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const schema = z3.object({ to: z3.string().transform((to) => `${to}!`) });
    const bare = tool({ name: "mail", description: "d", parameters: schema, execute: ({ to }) => to });
    const unseen = expect.objectContaining({ code: "LEASH_TOOL_UNSUPPORTED" });
    expect(() => leashTool(bare, leash)).toThrow(unseen);
    expect(() => wrapTools([bare], leash)).toThrow(unseen);
    expect(await leashTool(bare, leash, { parameters: schema }).call({ to: "ann" })).toContain("Denied");
  });

  it("reads refinements of an older zod by the schema under `parameters`", async () => {
    const schema = z3.object({ to: z3.string(), amount: z3.number() }).refine(({ amount }) => amount < 100);
    const calls = [call("pay", { to: "ann", amount: 500 })];
    const refused = await run(ALLOW_ALL, calls, { schema, parameters: schema });
    await refused.result;
    expect(refused.paid).toEqual([]);
  });

  it("I1: refuses a transform of an older zod that is stated there, which the tool would run once more", async () => {
    const schema = z3.object({ to: z3.string().transform((to) => `${to}!`), amount: z3.number() });
    const calls = [call("pay", { to: "ann", amount: 5 })];
    const refused = await run(ALLOW_ALL, calls, { schema, parameters: schema });
    await refused.result;
    expect(refused.paid).toEqual([]);
  });

  it("lets nothing pass that the schema does not name", async () => {
    const { paid, result } = await run(ALLOW_ALL, [call("pay", { to: "ann", also: "bob" })]);
    await result;
    expect(paid).toEqual([{ to: "ann", amount: 5 }]);
  });

  it("I1: refuses arguments that the tool's own parse would change after the decision", async () => {
    const cents = z.preprocess((euros) => Number(euros) * 100, z.number());
    const schema = payment.extend({ amount: cents });
    const { llm, paid, result } = await run(ALLOW_ALL, [call("pay", { to: "ann", amount: 5 })], {
      schema,
    });
    await result;
    expect(paid).toEqual([]);
    expect(llm.results["a"]?.text).toContain("would change them");
  });
});

describe("malformed JSON arguments become { rawInput }", () => {
  it.each(['{"to": "ann"', "", "pay ann", '{"to":"ann"}{"to":"bob"}'])("and are refused: %j", async (text) => {
    const { llm, paid, result } = await run(ALLOW_ALL, [call("pay", text)]);
    expect(await result).toBe("done");
    expect(paid).toEqual([]);
    expect(llm.results["a"]?.text).toMatch(/^Denied: the arguments .*not valid JSON/u);
  });

  it("also where every argument may be left out, and no schema would miss them", async () => {
    const { paid, result } = await run(ALLOW_ALL, [call("pay", '{"to": "ann"')], {
      schema: payment.partial(),
    });
    await result;
    expect(paid).toEqual([]);
  });

  it("but a tool may have an argument of that name", async () => {
    const schema = z.object({ rawInput: z.string() });
    const { paid, result } = await run(ALLOW_ALL, [call("pay", { rawInput: "x" })], { schema });
    await result;
    expect(paid).toEqual([{ rawInput: "x" }]);
  });
});

describe("zod defaults are applied inside call", () => {
  const POLICY = `default: deny
rules: [{ id: small, action: pay, when: input.amount < 10, effect: allow }]
`;

  it("so the policy sees them filled in, and they are what runs", async () => {
    const { paid, result } = await run(POLICY, [call("pay", { to: "ann" })]);
    await result;
    expect(paid).toEqual([{ to: "ann", amount: 5 }]);
  });

  it("and a large one is not hidden by leaving it out", async () => {
    const schema = payment.extend({ amount: z.number().default(50) });
    const { paid, result } = await run(POLICY, [call("pay", { to: "ann" })], { schema });
    await result;
    expect(paid).toEqual([]);
  });
});

describe("an unknown tool name", () => {
  it("is thrown by LlamaIndex from within the workflow, as without a leash: nothing runs, nobody catches it", async () => {
    const listeners = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    const unhandled = new Promise<unknown>((resolve) => process.once("unhandledRejection", resolve));
    const { leash, paid, result } = await run(ALLOW_ALL, [call("pay", { to: "ann" }), call("gone", {}, "b")]);
    void result.catch(() => undefined);
    expect(String(await unhandled)).toContain("Tools not found: gone");
    for (const listener of listeners) process.on("unhandledRejection", listener);
    expect(paid).toEqual([]);
    expect(await lines(leash)).not.toContainEqual(expect.objectContaining({ type: "executed" }));
  });
});

describe("duplicate tool-call ids in one turn", () => {
  it("leave the last call alone in LlamaIndex: it is decided, the others neither run nor leave a trace", async () => {
    const twice = [call("pay", { to: "ann" }), call("pay", { to: "bob" })];
    const { leash, paid, result } = await run(ALLOW_ALL, twice);
    await result;
    expect(paid).toEqual([{ to: "bob", amount: 5 }]);
    expect((await lines(leash)).filter(({ type }) => type === "decided")).toHaveLength(1);
  });
});

describe("a thrown denial is shown as Error: Error: Error(Name): …", () => {
  it("so a denial is returned: one clean line", async () => {
    const { llm, paid, result } = await run(DENY_ALL, [call("pay", { to: "ann" })]);
    expect(await result).toBe("done");
    expect(paid).toEqual([]);
    expect(llm.results["a"]).toEqual({ text: DENIED, isError: false });
  });

  it("I14: and one that is thrown says the same words, with nothing of the rule", async () => {
    const policy = `default: allow
rules: [{ id: secret-rule, action: pay, effect: deny, reason: "ann is watched" }]
`;
    const { llm, result } = await run(policy, [call("pay", { to: "ann" })], { onDeny: "throw" });
    await result;
    expect(llm.results["a"]).toEqual({
      text: `Error: Error: Error(LeashDenied): ${DENIED}`,
      isError: true,
    });
  });

  it("what the tool itself throws is not touched", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const thrown = new TypeError("mine");
    const failing = tool({
      name: "pay",
      description: "d",
      parameters: payment,
      execute: () => Promise.reject(thrown),
    });
    await expect(leashTool(failing, leash).call({ to: "ann", amount: 1 })).rejects.toBe(thrown);
  });
});

describe("a structured denial is rendered with its quotes stripped", () => {
  it("so every refusal is a text, whatever refused", async () => {
    const denied = await run("default: approve\n", [call("pay", { to: "ann" })], {
      pause: "defer",
    });
    await denied.result;
    expect(denied.llm.results["a"]?.text).toMatch(/^Waiting for a person, ref [0-9A-Z]+\. The call has not run\./u);
    const aborted = await run(ASK_ALL, [call("pay", { to: "ann" })], {
      signal: AbortSignal.abort(),
    });
    await aborted.result;
    expect(aborted.llm.results["a"]?.text).toBe("Not run: the run was aborted.");
  });
});

describe("the workflow's timeout is stored and never enforced", () => {
  it("so a hold ends with the approval: when it expires, nothing runs", async () => {
    const policy = `default: deny
tools: { pay: { decision: approve, approval: { expires_in: 1 } } }
`;
    const { llm, paid, result } = await run(policy, [call("pay", { to: "ann" })]);
    expect(await result).toBe("done");
    expect(llm.results["a"]?.text).toMatch(/^Not run: the approval expired/u);
    expect(paid).toEqual([]);
  });

  it("and a hold that is answered goes on", async () => {
    const { leash, llm, paid, result } = await run(ASK_ALL, [call("pay", { to: "ann" })]);
    await approveNext(leash);
    expect(await result).toBe("done");
    expect(paid).toEqual([{ to: "ann", amount: 5 }]);
    expect(llm.results["a"]?.text).toBe("paid 1");
  });
});

describe("every way to a tool", () => {
  it("leads through the gate: an agent, the model's own exec, a program", async () => {
    const leash = await leashFor(DENY_ALL);
    const paid: unknown[] = [];
    const execute = (input: unknown): JSONValue => `paid ${paid.push(input)}`;
    const pay = tool({ name: "pay", description: "d", parameters: payment, execute });
    const [wrapped] = wrapTools([pay], leash);
    const llm = new ScriptedLlm([call("pay", { to: "ann" })]);
    const { newMessages } = await llm.exec({
      messages: [{ role: "user", content: "go" }],
      tools: [wrapped],
    });
    expect(JSON.stringify(newMessages)).toContain(DENIED);
    expect(await wrapped.call({ to: "ann", amount: 1 })).toBe(DENIED);
    expect(paid).toEqual([]);
    expect(Settings.callbackManager).toBeDefined();
  });
});
