import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { canonicalText } from "../canonical.ts";
import { actionDigest, domainDigest, sha256Hex } from "../digest.ts";
import { thisOwner } from "../journal/owner.ts";
import { createPresence } from "../journal/presence.ts";
import type { ToolCall } from "../model/call.ts";
import type { Principal } from "../model/principal.ts";
import type { ToolRegistration } from "../model/tool.ts";
import { createTurns } from "../limits/turns.ts";
import { createPolicyArchive } from "../recording/archive.ts";
import { NO_RECORDER } from "../recording/recorder.ts";
import { memoryStore } from "../store/memory.ts";
import { scriptedPolicy } from "../testing/scripted-policy.ts";
import { memoryKeyRing } from "../tokens/keys.ts";
import { createToolRegistry } from "../tools.ts";
import type { Scope } from "./context.ts";
import { reseal, seal } from "./seal.ts";

const NOW = Date.UTC(2026, 0, 1);
const PRINCIPAL: Principal = { tenant: "acme", subject: "ann", agent: "buyer", chain: [] };

function scopeWith(tool: ToolRegistration = { id: "buy" }, principal: Principal = PRINCIPAL): Scope {
  const clock = { now: () => NOW };
  const store = memoryStore({ clock });
  const registry = createToolRegistry();
  registry.register(tool);
  const context = {
    store,
    stream: "stream-1",
    registry,
    inForce: { policy: scriptedPolicy(() => "allow"), mode: "enforce" },
    keys: memoryKeyRing({ clock, random: randomBytes }),
    random: randomBytes,
    turns: createTurns(),
    presence: createPresence(store, thisOwner("instance-1")),
    counterparty: undefined,
    probe: () => null,
    obligations: new Map(),
    receipts: undefined,
    telemetry: undefined,
    archive: createPolicyArchive(store),
    recorder: NO_RECORDER,
    accepted: undefined,
    announce: () => undefined,
  } as const;
  return { context, principal, narrowings: [] };
}

const scope = scopeWith();
const DURABLE: ToolCall = {
  tool: "buy",
  input: { amount: 50 },
  callId: "call-1",
  scope: "thread-1",
  session: "s",
  index: 2,
};

describe("seal", () => {
  it("gives the digest of the design: domain-separated, over version, principal, tool and input", () => {
    const action = seal(scope, DURABLE);
    expect(action.digest).toBe(
      domainDigest("leashkit/action/1", {
        v: 1,
        tenant: "acme",
        agent: "buyer",
        subject: "ann",
        tool: "buy",
        input: { amount: 50 },
      }),
    );
    expect(action).toMatchObject({ text: '{"amount":50}', inputDigest: sha256Hex('{"amount":50}'), requestedAt: NOW });
  });

  it("freezes the input all the way down", () => {
    const { input } = seal(scope, { tool: "buy", input: { list: [{ deep: { deeper: [1] } }] } });
    expect(() => Reflect.apply(Array.prototype.push, Reflect.get(Object(input), "list"), [2])).toThrow(TypeError);
    const frozen = (value: unknown): boolean =>
      typeof value !== "object" || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen));
    expect(frozen(input)).toBe(true);
  });

  it("does not look at the caller's object again", () => {
    const input = { to: { iban: "DE1" }, list: [1] };
    const action = seal(scope, { tool: "buy", input });
    const { digest } = action;
    input.to.iban = "XX666";
    input.list.push(2);
    expect(action.input).toEqual({ to: { iban: "DE1" }, list: [1] });
    expect(actionDigest(PRINCIPAL, "buy", canonicalText(action.input))).toBe(digest);
  });

  it("takes its own frozen copy of the labels", () => {
    const labels = { "/to": ["secret"] };
    const action = seal(scope, { tool: "buy", input: {}, labels });
    labels["/to"].push("public");
    expect(action.labels).toEqual({ "/to": ["secret"] });
    expect(Object.isFrozen(action.labels["/to"])).toBe(true);
  });

  it("refuses labels that are computed when read, without running them", () => {
    let runs = 0;
    const labels = Object.defineProperty({}, "/to", { get: () => [String((runs += 1))], enumerable: true });
    expect(() => seal(scope, { tool: "buy", input: {}, labels })).toThrow(
      expect.objectContaining({ code: "LEASH_INPUT_INVALID" }),
    );
    expect(runs).toBe(0);
  });

  it("writes a text input as an object, and takes none at all for an empty one", () => {
    expect(seal(scope, { tool: "buy", input: "two apples" }).text).toBe('{"input":"two apples"}');
    expect(seal(scope, { tool: "buy", input: undefined }).text).toBe("{}");
    expect(seal(scope, { tool: "buy", input: null }).text).toBe("null");
  });

  it("seals what the tool's own encoder makes of the input, and refuses what it throws at", () => {
    const dated = scopeWith({
      id: "buy",
      encode: (input) => ({ on: (Reflect.get(Object(input), "on") as Date).toISOString() }),
    });
    expect(seal(dated, { tool: "buy", input: { on: new Date(0) } }).text).toBe('{"on":"1970-01-01T00:00:00.000Z"}');
    expect(() => seal(dated, { tool: "buy", input: {} })).toThrow(
      expect.objectContaining({ code: "LEASH_INPUT_INVALID" }),
    );
  });

  it("takes the tool's name in NFC", () => {
    const spelled = scopeWith({ id: "caf\u00e9", schemaDigest: "d" });
    const action = seal(spelled, { tool: "cafe\u0301", input: {} });
    expect(action).toMatchObject({ tool: "caf\u00e9", schemaDigest: "d" });
  });
});

describe("the identity of a call", () => {
  it("is durable with a scope and a call id, and the same again for the same call", () => {
    const first = seal(scope, DURABLE);
    const second = seal(scopeWith(), { ...DURABLE, input: { amount: 50 } });
    expect(first.identity).toBe("durable");
    expect(second).toMatchObject({ callKey: first.callKey, actionId: first.actionId, digest: first.digest });
    expect(first.actionId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8/);
  });

  it.each<[string, Partial<ToolCall>, Partial<Principal>]>([
    ["call id", { callId: "call-2" }, {}],
    ["scope", { scope: "thread-2" }, {}],
    ["index", { index: 3 }, {}],
    ["session", { session: "t" }, {}],
    ["tool", { tool: "sell" }, {}],
    ["tenant", {}, { tenant: "other" }],
    ["subject", {}, { subject: "bob" }],
    ["agent", {}, { agent: "seller" }],
    ["chain of parents", {}, { chain: ["root"] }],
  ])("is another call with another %s", (_, call, principal) => {
    const other = seal(scopeWith({ id: "buy" }, { ...PRINCIPAL, ...principal }), { ...DURABLE, ...call });
    expect(other.callKey).not.toBe(seal(scope, DURABLE).callKey);
  });

  it("keeps the call's key when only the input differs: the digest beside it tells them apart", () => {
    const other = seal(scope, { ...DURABLE, input: { amount: 51 } });
    expect(other.callKey).toBe(seal(scope, DURABLE).callKey);
    expect(other.digest).not.toBe(seal(scope, DURABLE).digest);
  });

  it("cannot be moved between its parts: a boundary shifted from scope to call id is another call", () => {
    const keyOf = (thread: string, callId: string): string =>
      seal(scope, { ...DURABLE, scope: thread, callId }).callKey;
    expect(keyOf("a", "b,c")).not.toBe(keyOf("a,b", "c"));
    expect(keyOf('a","b', "c")).not.toBe(keyOf("a", 'b","c'));
  });

  it.each<[string, Partial<Record<"scope" | "callId", undefined>>]>([
    ["scope", { scope: undefined }],
    ["call id", { callId: undefined }],
  ])("is ephemeral without a %s, and never the same twice", (_, missing) => {
    const call: ToolCall = Object.assign({ ...DURABLE }, missing);
    const first = seal(scope, call);
    expect(first.identity).toBe("ephemeral");
    expect(seal(scope, call).callKey).not.toBe(first.callKey);
    expect(seal(scope, call).digest).toBe(first.digest);
  });
});

describe("reseal", () => {
  it("keeps the call and changes what would run", () => {
    const action = seal(scope, DURABLE);
    const capped = reseal(action, "buy", { amount: 40 }, undefined);
    expect(capped).toMatchObject({
      callKey: action.callKey,
      actionId: action.actionId,
      text: '{"amount":40}',
      schemaDigest: null,
    });
    expect(capped.digest).toBe(actionDigest(PRINCIPAL, "buy", '{"amount":40}'));
    expect(reseal(action, "buy", { amount: 50 }, undefined).digest).toBe(action.digest);
  });

  it("refuses a computed input that is not plain JSON", () => {
    const action = seal(scope, DURABLE);
    expect(() => reseal(action, "buy", { amount: Number.NaN }, undefined)).toThrow(
      expect.objectContaining({ code: "LEASH_INPUT_INVALID" }),
    );
  });
});
