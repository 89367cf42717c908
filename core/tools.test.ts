import { describe, expect, it } from "vitest";
import { isLeashError } from "./errors.ts";
import type { ToolRegistration } from "./model/tool.ts";
import { createToolRegistry } from "./tools.ts";

const codeOf = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return isLeashError(error) ? error.code : error;
  }
  return "accepted";
};

describe("the tool registry", () => {
  it("completes a registration with the cautious defaults", () => {
    const registry = createToolRegistry();
    expect(registry.register({ id: "buy" })).toEqual({
      id: "buy",
      origin: "host",
      aliases: [],
      schemaDigest: null,
      sideEffect: "unknown",
      idempotent: false,
      counterparty: null,
      redact: [],
      labels: { emits: [], accepts: [] },
    });
    expect(Object.isFrozen(registry.get("buy"))).toBe(true);
  });

  it("finds a tool by its exact name only", () => {
    const registry = createToolRegistry();
    registry.register({ id: "send_money" });
    for (const id of [
      "Send_money",
      "send_money ",
      "send-money",
      "send_mоney",
      "",
      "constructor",
      "__proto__",
      "toString",
    ]) {
      expect(registry.get(id)).toBeUndefined();
    }
  });

  it("takes names that mean something to JavaScript as names", () => {
    const registry = createToolRegistry();
    for (const id of ["constructor", "__proto__", "hasOwnProperty"]) {
      registry.register({ id });
      expect(registry.get(id)?.id).toBe(id);
    }
    expect(registry.list()).toHaveLength(3);
  });

  it("brings names to NFC, so that two spellings are one tool", () => {
    const registry = createToolRegistry();
    const composed = registry.register({ id: "caf\u00e9" });
    expect(registry.register({ id: "cafe\u0301" })).toBe(composed);
    expect(registry.list()).toEqual([composed]);
  });

  it.each(["", " ", "buy ", "\tbuy", "b\u200buy", "buy\u202e", "bu\u0000y", "buy\ud800", "\ufeffbuy", "bu\u00ady"])(
    "refuses the name %j",
    (id) => {
      expect(codeOf(() => createToolRegistry().register({ id }))).toBe("LEASH_CONFIG_INVALID");
    },
  );

  it("takes the same registration again as a no-op", () => {
    const registry = createToolRegistry();
    const tool: ToolRegistration = {
      id: "buy",
      schemaDigest: "d",
      redact: ["/card"],
      labels: { emits: ["price"], accepts: [] },
    };
    expect(registry.register({ ...tool, redact: ["/card"] })).toBe(registry.register(tool));
  });

  it.each<[string, Partial<ToolRegistration>]>([
    ["another schema", { schemaDigest: "other" }],
    ["no schema", { schemaDigest: null }],
    ["another side effect", { sideEffect: "none" }],
    ["leave to be repeated", { idempotent: true }],
    ["another counterparty", { counterparty: "input.to" }],
    ["another alias", { aliases: ["pay"] }],
    ["less to redact", { redact: [] }],
    ["other labels", { labels: { emits: [], accepts: ["secret"] } }],
  ])("refuses to give a known name %s", (_, change) => {
    const registry = createToolRegistry();
    const known = registry.register({ id: "buy", schemaDigest: "d", redact: ["/card"] });
    expect(codeOf(() => registry.register({ id: "buy", schemaDigest: "d", redact: ["/card"], ...change }))).toBe(
      "LEASH_CONFIG_INVALID",
    );
    expect(registry.get("buy")).toBe(known);
  });
});
