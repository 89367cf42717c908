import type { JSONValue } from "@llamaindex/core/global";
import { FunctionTool } from "@llamaindex/core/tools";
import { agent } from "@llamaindex/workflow";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { z as z3 } from "zod/v3";
import { leashedTool, type ToolParameters } from "./index.ts";
import { ALLOW_ALL, leashFor } from "./leash.fixture.ts";
import { call, ScriptedLlm } from "./scripted-llm.fixture.ts";

const SMALL = "default: deny\nrules: [{ id: small, action: pay, when: input.cents <= 500, effect: allow }]\n";

/** Euros as the model writes them, cents as the policy sees them and the tool gets them. */
const euros = z.object({ cents: z.string().transform((text) => Math.round(Number(text) * 100)) });

describe("leashedTool", () => {
  it("I1: parses once, before the policy, and runs on exactly the parsed form", async () => {
    const leash = await leashFor(SMALL);
    const paid: number[] = [];
    const parts = { name: "pay", description: "d", parameters: euros };
    const pay = leashedTool({ ...parts, execute: ({ cents }) => `paid ${paid.push(cents)}` }, leash);
    const llm = new ScriptedLlm([call("pay", { cents: "4.99" }, "a"), call("pay", { cents: "5.01" }, "b")]);
    await agent({ llm, tools: [pay] }).run("go");
    expect(paid).toEqual([499]);
    expect(llm.results["a"]?.text).toBe("paid 1");
    expect(llm.results["b"]?.text).toMatch(/^Denied by policy/u);
  });

  it("refuses what a refinement refuses, whatever zod it is of", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const paid: unknown[] = [];
    const schemas = [
      z.object({ to: z.string().refine((to) => to !== "eve") }),
      z3.object({ to: z3.string().refine((to) => to !== "eve") }),
    ];
    for (const [index, parameters] of schemas.entries()) {
      const execute = (input: unknown): JSONValue => `paid ${paid.push(input)}`;
      const pay = leashedTool({ name: `pay${index}`, description: "d", parameters, execute }, leash);
      expect(await pay.call({ to: "eve" })).toMatch(/^Denied: the arguments .*to/u);
      expect(await pay.call({ to: "ann" })).toMatch(/^paid/u);
    }
    expect(paid).toEqual([{ to: "ann" }, { to: "ann" }]);
  });

  it("shows the model a JSON Schema of what it is to write", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const parameters = z.object({
      cents: z.string().transform(Number),
      note: z.string().default(""),
    });
    const pay = leashedTool({ name: "pay", description: "d", parameters, execute: () => "x" }, leash);
    expect(pay).toBeInstanceOf(FunctionTool);
    expect(pay.metadata.parameters).toMatchObject({
      type: "object",
      properties: { cents: { type: "string" }, note: { type: "string", default: "" } },
      required: ["cents"],
    });
  });

  it("takes a JSON Schema, with its defaults", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const parameters = {
      type: "object",
      properties: { limit: { type: "number", default: 5 } },
    } as const;
    const got: unknown[] = [];
    const list = leashedTool(
      { name: "list", description: "d", parameters, execute: (input) => got.push(input) },
      leash,
    );
    await list.call({});
    expect(await list.call({ limit: "x" })).toMatch(/^Denied: the arguments .*limit/u);
    expect(got).toEqual([{ limit: 5 }]);
  });

  it("carries richer arguments through the host's encoder and decoder, and refuses them without", async () => {
    const parameters = z.object({ day: z.string().transform((text) => new Date(text)) });
    const days: unknown[] = [];
    const parts = {
      name: "book",
      description: "d",
      parameters,
      execute: ({ day }: { day: Date }) => `day ${days.push(day)}`,
    };
    expect(await leashedTool(parts, await leashFor(ALLOW_ALL)).call({ day: "2026-01-02" as never })).toMatch(
      /^Denied: the arguments/u,
    );
    const encode = (input: unknown) => ({ day: (input as { day: Date }).day.toISOString() });
    const decode = (input: unknown) => ({ day: new Date((input as { day: string }).day) });
    const booking = leashedTool(parts, await leashFor(ALLOW_ALL), {
      registrations: { book: { encode, decode } },
    });
    await booking.call({ day: "2026-01-02" as never });
    expect(days).toEqual([new Date("2026-01-02")]);
  });

  it("refuses parameters that are no schema", async () => {
    const leash = await leashFor(ALLOW_ALL);
    for (const parameters of [{}, { type: "string" }, { "~standard": { validate: () => ({ value: {} }) } }]) {
      const parts = {
        name: "x",
        description: "d",
        parameters: parameters as ToolParameters,
        execute: () => "x",
      };
      expect(() => leashedTool(parts, leash)).toThrow(expect.objectContaining({ code: "LEASH_CONFIG_INVALID" }));
    }
  });

  it("types what the tool gets by the schema", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const parts = { name: "pay", description: "d", parameters: euros };
    const execute = (input: { cents: number }): JSONValue => input.cents;
    expectTypeOf(leashedTool({ ...parts, execute }, leash).call)
      .parameter(0)
      .toEqualTypeOf<{ cents: number }>();
    // @ts-expect-error The schema makes a number of it.
    leashedTool({ ...parts, execute: ({ cents }) => cents.trim() }, leash);
  });
});
