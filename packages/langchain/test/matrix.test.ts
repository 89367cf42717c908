import { LeashDenied } from "@leashkit/core";
import { ToolMessage } from "@langchain/core/messages";
import { isRunnableToolLike } from "@langchain/core/tools";
import { convertToOpenAITool } from "@langchain/core/utils/function_calling";
import { describe, expect, it } from "vitest";
import { wrapTool } from "../index.ts";
import { ALLOW_ALL, DENY_ALL, leashFor } from "./harness.ts";
import { kindCases, type KindCase, type TestTool } from "./kinds.ts";

const ledger = { done: [] as unknown[] };
const call = ({ tool, args }: KindCase): unknown => ({ name: tool.name, args, id: "c1", type: "tool_call" });
const plain = ({ args, parsed }: KindCase): unknown => (typeof parsed === "string" ? parsed : args);

/** Every way into a tool that a host has. */
const ENTRIES: Record<string, (wrapped: TestTool, subject: KindCase) => unknown> = {
  "invoke with a tool call": (wrapped, subject) => wrapped.invoke(call(subject)),
  "invoke with arguments": (wrapped, subject) => wrapped.invoke(plain(subject)),
  call: (wrapped, subject) => wrapped.call?.(plain(subject)),
  _call: (wrapped, { parsed }) => wrapped._call?.(parsed),
  func: (wrapped, { parsed }) => wrapped.func?.(parsed),
  batch: (wrapped, subject) => wrapped.batch([call(subject)]),
  stream: async (wrapped, subject) => {
    for await (const chunk of await wrapped.stream(call(subject))) void chunk;
  },
  pipe: (wrapped, subject) => wrapped.pipe((output: unknown) => output).invoke(call(subject)),
  withConfig: (wrapped, subject) => wrapped.withConfig({ tags: ["t"] }).invoke(call(subject)),
  withRetry: (wrapped, subject) => wrapped.withRetry({ stopAfterAttempt: 1 }).invoke(call(subject)),
  streamEvents: async (wrapped, subject) => {
    for await (const event of wrapped.streamEvents(call(subject), { version: "v2" })) void event;
  },
  "a spread copy's func": (wrapped, { parsed }) => ({ ...wrapped }).func?.(parsed),
  "a rebuilt tool": (wrapped, subject) => {
    if (isRunnableToolLike(wrapped)) return undefined;
    const rebuilt = wrapped.func === undefined ? undefined : new wrapped.constructor({ ...wrapped.lc_kwargs });
    return rebuilt?.invoke(call(subject));
  },
  "a property descriptor's value": (wrapped, { parsed }) =>
    Object.getOwnPropertyDescriptor(wrapped, "func")?.value?.(parsed),
};

describe.each(kindCases(ledger))("$kind", (subject) => {
  const options = { ...(subject.patch === true && { patch: true }) };

  it.each(Object.keys(ENTRIES))("is not executed through %s when the policy denies", async (entry) => {
    const leash = await leashFor(DENY_ALL);
    const wrapped = wrapTool(fresh(subject), leash, options);
    ledger.done.length = 0;
    const outcome = await attempt(() => ENTRIES[entry]?.(wrapped, subject));
    expect(ledger.done).toEqual([]);
    if (entry === "invoke with a tool call" && isRunnableToolLike(wrapped)) {
      expect(outcome).toBeInstanceOf(LeashDenied);
    } else if (entry === "invoke with a tool call") {
      expect(ToolMessage.isInstance(outcome) && [outcome.status, outcome.tool_call_id]).toEqual(["error", "c1"]);
    }
    if (entry === "invoke with arguments") expect(outcome).toBeInstanceOf(LeashDenied);
  });

  it("I1: works on exactly what the schema's parse left when the policy allows", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const wrapped = wrapTool(fresh(subject), leash, options);
    ledger.done.length = 0;
    const answer: unknown = await wrapped.invoke(call(subject));
    expect(ledger.done).toEqual([subject.parsed]);
    const content = ToolMessage.isInstance(answer) ? answer.content : answer;
    expect(content).toBe("worked");
  });

  it("stays what it was to models and hosts", async () => {
    const bare = fresh(subject);
    const wrapped = wrapTool(bare, await leashFor(DENY_ALL), options);
    expect(wrapped === bare).toBe(subject.patch === true);
    expect(convertToOpenAITool(wrapped)).toEqual(convertToOpenAITool(fresh(subject)));
    expect(wrapped).toBeInstanceOf(bare.constructor);
    expect(JSON.stringify(wrapped)).toBe(JSON.stringify(fresh(subject)));
    for (const member of [
      "name",
      "description",
      "schema",
      "responseFormat",
      "returnDirect",
      "metadata",
      "extras",
      "tags",
    ]) {
      expect(Reflect.get(wrapped, member)).toBe(Reflect.get(bare, member));
    }
  });

  it("is wrapped once, however often it is wrapped", async () => {
    const leash = await leashFor(DENY_ALL);
    const wrapped = wrapTool(fresh(subject), leash, options);
    expect(wrapTool(wrapped, leash, options)).toBe(wrapped);
  });
});

/** A tool that no other test patched. */
function fresh(subject: KindCase): TestTool {
  const made = kindCases(ledger).find(({ kind }) => kind === subject.kind);
  if (made === undefined) throw new Error(`No tool of the kind ${subject.kind}.`);
  return made.tool;
}

async function attempt(run: () => unknown): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    return error;
  }
}
