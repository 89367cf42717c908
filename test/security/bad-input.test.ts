import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLeash, memoryStore, parseStrictJson, type Leash } from "@leashkit/core";
import { countingShop } from "@leashkit/core/testing";
import { logOf } from "../support/leash.ts";
import { codeOf } from "../support/thrown.ts";

const ALLOW_ALL = { text: "leash: 1\ndefault: allow\n" };

const revoked = (): unknown => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

const cyclic = (): unknown => {
  const list: unknown[] = [];
  list.push({ list });
  return list;
};

/** Arguments that are no plain JSON, under a policy that would allow anything. */
const BAD_ARGUMENTS: readonly (readonly [string, () => unknown])[] = [
  ["an accessor", () => Object.defineProperty({}, "to", { get: () => "ann", enumerable: true })],
  ["an accessor that throws", () => Object.defineProperty({}, "to", { get: () => revoked(), enumerable: true })],
  ["a __proto__ member", () => JSON.parse('{"__proto__":{"admin":true}}') as unknown],
  ["100,000 nested brackets", () => JSON.parse("[".repeat(100_000) + "]".repeat(100_000)) as unknown],
  ["2^53+1", () => ({ amount: JSON.parse("9007199254740993") as unknown })],
  ["NaN", () => ({ amount: Number.NaN })],
  ["a bigint", () => ({ amount: 1n })],
  ["a cycle", cyclic],
  ["a function", () => ({ run: () => 1 })],
  ["a symbol", () => Symbol("input")],
  ["a class instance", () => new URL("https://example.org")],
  ["a lone surrogate", () => ({ to: "\ud800" })],
  ["a revoked Proxy", revoked],
  [
    "a Proxy whose every trap throws",
    () =>
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error("trap");
          },
          getPrototypeOf: () => {
            throw new Error("trap");
          },
        },
      ),
  ],
  ["a Proxy without an end", () => endless()],
];

/** Every member is another such object. */
function endless(): object {
  return new Proxy(
    {},
    {
      ownKeys: () => ["deeper"],
      getOwnPropertyDescriptor: () => ({ value: endless(), enumerable: true, configurable: true, writable: true }),
    },
  );
}

describe("bad arguments", () => {
  it.each(BAD_ARGUMENTS)("I4: %s is denied with a code and a record, and runs nothing", async (_, make) => {
    const leash: Leash = await createLeash({ policy: ALLOW_ALL, store: "memory" });
    leash.register({ id: "buy" });
    const shop = countingShop();
    const call = { tool: "buy", input: make() };
    expect(await codeOf(leash.guard(call, shop.buy))).toBe("LEASH_INPUT_INVALID");
    expect(await codeOf(leash.authorize(call))).toBe("LEASH_INPUT_INVALID");
    expect(await leash.decide(call)).toMatchObject({ effect: "deny", reasonCode: "input_invalid" });
    expect(shop.orders).toHaveLength(0);
    const denials = (await logOf(leash)).filter(({ reason_code: reason }) => reason === "input_invalid");
    expect(denials).toHaveLength(2);
    expect(denials[0]).toMatchObject({ decision: "DENY", effective: "DENY", action_type: "buy" });
    expect(await leash.verifyLog()).toMatchObject({ ok: true });
    expect(await codeOf(leash.guard({ tool: "buy", input: {} }, shop.buy))).toBe("ran");
  });

  it("I4: arguments as text with a duplicate name never become a call", () => {
    expect(() => parseStrictJson('{"to":"ann","to":"eve"}')).toThrow(
      expect.objectContaining({ code: "LEASH_INPUT_INVALID" }),
    );
  });

  it("I4: an unknown tool is denied with a code and a record, under a policy that allows everything", async () => {
    const leash = await createLeash({ policy: ALLOW_ALL, store: "memory" });
    const shop = countingShop();
    expect(await codeOf(leash.guard({ tool: "wipe_disk", input: {} }, shop.buy))).toBe("LEASH_TOOL_UNKNOWN");
    expect(shop.orders).toHaveLength(0);
    expect(await logOf(leash)).toContainEqual(
      expect.objectContaining({ reason_code: "tool_unknown", decision: "DENY" }),
    );
  });
});

describe("bad policies", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "leashkit-policy-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ["that is empty", ""],
    ["that is cut off", "leash: 1\ndefault: al"],
    ["with a misspelt key", "leash: 1\ndefault: allow\ntolos: {}\n"],
    ["with an unknown effect", "leash: 1\ndefault: alow\n"],
    ["with a duplicate key", "leash: 1\ndefault: deny\ndefault: allow\n"],
    ["of two documents", "leash: 1\ndefault: deny\n---\nleash: 1\ndefault: allow\n"],
    ["of another version", "leash: 2\ndefault: allow\n"],
    ["that is no mapping", "- allow\n"],
    [
      "with a condition that does not parse",
      "leash: 1\ndefault: deny\nrules: [{ id: a, action: buy, when: 'input.(', effect: allow }]\n",
    ],
    ["that is not YAML", "leash: 1\n\tdefault: {"],
    ["with bytes that are no text", "leash: 1\ndefault: allow\n\u0000"],
  ])("I11: a policy %s starts no leash, as text and as a file", async (_, text) => {
    const file = join(folder, "leash.yaml");
    writeFileSync(file, text);
    expect(await codeOf(createLeash({ policy: { text }, store: "memory", notify: [] }))).toBe("LEASH_POLICY_INVALID");
    expect(await codeOf(createLeash({ policy: file, store: "memory", notify: [] }))).toBe("LEASH_POLICY_INVALID");
  });

  it("I11: a policy that is not there, or is a folder, starts no leash", async () => {
    for (const policy of [join(folder, "missing.yaml"), folder]) {
      expect(await codeOf(createLeash({ policy, store: "memory", notify: [] }))).toBe("LEASH_POLICY_INVALID");
    }
  });

  it("I11: the refusal is in the log", async () => {
    const store = memoryStore();
    expect(await codeOf(createLeash({ policy: { text: "leash: 1\ndefault: alow\n" }, store, notify: [] }))).toBe(
      "LEASH_POLICY_INVALID",
    );
    const [stream] = await store.streams();
    const lines = await store.lines(stream ?? "", 0);
    expect(lines.map(({ line }) => (JSON.parse(line) as { type: string }).type)).toEqual(["policy.refused"]);
  });
});
