import { LeashDenied, NoEffect, type Outcome } from "@leashkit/core";
import { describe, expect, it } from "vitest";
import type { Call } from "./call.ts";
import { chatCall, functionCall } from "./calls.fixture.ts";
import { encode, unchangedScreen } from "./encode.ts";
import { endingOf } from "./ending.ts";
import { normalise } from "./normalise.ts";
import { ROWS, SCREEN } from "./rows.fixture.ts";

const callOf = (item: object): Call => {
  const call = normalise(item);
  if (call === undefined) throw new Error("The item is no call.");
  return call;
};
const denied = new LeashDenied({ reasonCode: "rule", reason: "rule freeze of the policy" });

describe("every way a call ends has its form in the call's own API", () => {
  it.each(ROWS)("$name: a result", ({ item, result, allowed }) => {
    expect(encode(callOf(item), { kind: "result", result })).toEqual(allowed);
  });

  it.each(ROWS)("$name: a refusal", ({ item, denied: answer }) => {
    expect(encode(callOf(item), { kind: "refused", text: "no" })).toEqual(answer("no"));
  });

  it.each(["refused", "pending", "aborted"] as const)("I14: %s gives core's own words", (kind) => {
    const outcome = { kind, text: "core's words", error: denied } as unknown as Outcome<unknown>;
    expect(endingOf(outcome)).toEqual({ kind: "refused", text: "core's words" });
  });
});

describe("a tool that throws", () => {
  it.each([
    ["an error", new NoEffect("the shop is closed"), "Error: the shop is closed"],
    ["a text", "closed", "Error: closed"],
    ["anything else", { secret: 1 }, "Error: the tool failed."],
    [
      "I14: the refusal of a call of its own",
      denied,
      "Denied by policy. Do not retry this call with the same arguments.",
    ],
  ])("%s", (_name, error, text) => {
    expect(endingOf({ kind: "failed", error })).toEqual({ kind: "failed", text });
  });

  it("ends a shell call with its own exit code, and a patch as failed", () => {
    const ending = { kind: "failed", text: "Error: x" } as const;
    expect(encode(callOf({ type: "shell_call", call_id: "c", action: { commands: ["ls"] } }), ending)).toMatchObject({
      output: [{ stdout: "", stderr: "Error: x", outcome: { type: "exit", exit_code: 1 } }],
    });
    const patch = { type: "apply_patch_call", call_id: "c", operation: { type: "delete_file", path: "a" } };
    expect(encode(callOf(patch), ending)).toMatchObject({ status: "failed", output: "Error: x" });
  });
});

describe("results", () => {
  const chat = callOf(chatCall("c", "buy", {}));
  const responses = callOf(functionCall("c", "buy", {}));

  it.each([
    ["text", "text"],
    [undefined, ""],
    [null, "null"],
    [{ a: [1] }, '{"a":[1]}'],
    [[], "[]"],
    [[{ type: "rows" }], '[{"type":"rows"}]'],
  ])("%j becomes text", (result, text) => {
    expect(encode(chat, { kind: "result", result })).toMatchObject({ content: text });
    expect(encode(responses, { kind: "result", result })).toMatchObject({ output: text });
  });

  it("that are the API's own content parts pass as they are, and only there", () => {
    const chatParts = [{ type: "text", text: "x" }];
    const inputParts = [{ type: "input_image", image_url: "https://a.example.com/x.png" }];
    expect(encode(chat, { kind: "result", result: chatParts })).toMatchObject({ content: chatParts });
    expect(encode(chat, { kind: "result", result: inputParts })).toMatchObject({ content: JSON.stringify(inputParts) });
    expect(encode(responses, { kind: "result", result: inputParts })).toMatchObject({ output: inputParts });
  });

  it("of a shell may be a text or one chunk", () => {
    const shell = callOf({ type: "shell_call", call_id: "c", action: { commands: ["ls"] } });
    const chunk = { stdout: "", stderr: "slow", outcome: { type: "timeout" } };
    expect(encode(shell, { kind: "result", result: chunk })).toMatchObject({ output: [chunk] });
    expect(encode(shell, { kind: "result", result: "a" })).toMatchObject({
      output: [{ stdout: "a", stderr: "", outcome: { type: "exit", exit_code: 0 } }],
    });
  });

  it("of an MCP approval is a yes for nothing but a run", () => {
    const request = callOf({ type: "mcp_approval_request", id: "c", server_label: "s", name: "n", arguments: "{}" });
    expect(encode(request, { kind: "result", result: "yes" })).toMatchObject({ approve: false });
    expect(encode(request, { kind: "failed", text: "Error: x" })).toMatchObject({ approve: false, reason: "Error: x" });
  });
});

describe("computer calls", () => {
  const item = { type: "computer_call", call_id: "c", actions: [{ type: "click" }], pending_safety_checks: [] };

  it("take a screenshot as an address too, and nothing else", () => {
    expect(encode(callOf(item), { kind: "result", result: "data:image/png;base64,AA" })).toEqual({
      type: "computer_call_output",
      call_id: "c",
      output: { type: "computer_screenshot", image_url: "data:image/png;base64,AA" },
    });
    for (const result of ["clicked", {}, { type: "computer_screenshot" }, undefined]) {
      expect(encode(callOf(item), { kind: "result", result })).toBeUndefined();
    }
  });

  it("that were refused can be answered with the unchanged screen, but never acknowledge a safety check", () => {
    expect(unchangedScreen(callOf(item), SCREEN)).toEqual({
      type: "computer_call_output",
      call_id: "c",
      output: SCREEN,
    });
    expect(unchangedScreen(callOf({ ...item, pending_safety_checks: [{ id: "s" }] }), SCREEN)).toBeUndefined();
    expect(unchangedScreen(callOf(item), "no screen")).toBeUndefined();
  });
});

it("a call of an unknown kind has an answer in Chat Completions only", () => {
  const ending = { kind: "refused", text: "no" } as const;
  expect(encode(callOf({ id: "c", type: "teleport", teleport: {} }), ending)).toEqual({
    role: "tool",
    tool_call_id: "c",
    content: "no",
  });
  expect(encode(callOf({ type: "teleport_call", call_id: "c" }), ending)).toBeUndefined();
});
