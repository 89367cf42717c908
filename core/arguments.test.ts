import { describe, expect, it } from "vitest";
import { z } from "zod";
import { z as z3 } from "zod/v3";
import { argumentReader, sealedText } from "./arguments.ts";
import { domainDigest } from "./digest.ts";
import { schemaDigest, withDefaults } from "./json-schema.ts";

const SECRET = "sk-planted-secret";

/** A schema as a library that follows Standard Schema makes it, with an answer of the test's own. */
function standard(validate: (value: unknown) => unknown): object {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

/** A zod from before Standard Schema. */
function older(schema: z3.ZodTypeAny): object {
  return { safeParseAsync: (raw: unknown) => schema.safeParseAsync(raw) };
}

const order = z.object({ item: z.string(), count: z.number().int().default(1) });
const order3 = z3.object({ item: z3.string(), count: z3.number().int().default(1) });
const orderJson = {
  type: "object",
  properties: { item: { type: "string" }, count: { type: "integer", default: 1 } },
  required: ["item"],
  additionalProperties: false,
};

describe.each([
  ["zod 4", order],
  ["zod 3", order3],
  ["a zod from before Standard Schema", older(order3)],
  ["JSON Schema", orderJson],
])("argumentReader by %s", (_, schema) => {
  const read = argumentReader(schema);

  it("gives the arguments parsed, with defaults filled in", async () => {
    expect(await read({ item: "tea" })).toEqual({ ok: true, input: { item: "tea", count: 1 } });
    expect(await read({ item: "tea", count: 3 })).toEqual({ ok: true, input: { item: "tea", count: 3 } });
  });

  it("leaves the caller's object as it is", async () => {
    const raw = Object.freeze({ item: "tea" });
    await read(raw);
    expect(raw).toEqual({ item: "tea" });
  });

  it.each([
    ["a wrong member", { item: "tea", count: "3" }, "wrong: count"],
    ["several", { item: 1, count: 0.5 }, "wrong: item, count"],
    ["a text in the place of the object", "tea", "wrong: the whole"],
    ["nothing", null, "wrong: the whole"],
  ])("I4: refuses %s and names the place", async (_case, raw, problem) => {
    expect(await read(raw)).toEqual({ ok: false, problem });
  });

  it("I4: refuses arguments without a required member", async () => {
    expect(await read({ count: 1 })).toMatchObject({ ok: false });
  });

  it("A-S6: a problem never tells a value", async () => {
    for (const raw of [{ item: "tea", count: SECRET }, { item: [SECRET] }, SECRET, [SECRET], { item: { a: SECRET } }]) {
      const answer = await read(raw);
      expect(answer.ok).toBe(false);
      expect(JSON.stringify(answer)).not.toContain(SECRET);
    }
  });
});

describe("argumentReader by a Standard Schema", () => {
  it("awaits an asynchronous check", async () => {
    const read = argumentReader(z.object({ item: z.string().refine(async (item) => item === "tea") }));
    expect(await read({ item: "tea" })).toEqual({ ok: true, input: { item: "tea" } });
    expect(await read({ item: "gin" })).toEqual({ ok: false, problem: "wrong: item" });
    const late = argumentReader(standard(async (value) => ({ value: { got: value } })));
    expect(await late(5)).toEqual({ ok: true, input: { got: 5 } });
  });

  it("calls `validate` as the method that it is", async () => {
    const schema = { "~standard": { extra: 7, validate: (): unknown => ({ value: 1 }) } };
    schema["~standard"].validate = function (this: { extra: number }) {
      return { value: this.extra };
    };
    expect(await argumentReader(schema)({})).toEqual({ ok: true, input: 7 });
  });

  it("takes a schema that is a function", async () => {
    const callable = Object.assign(
      () => undefined,
      standard((value) => ({ value })),
    );
    expect(await argumentReader(callable)({ a: 1 })).toEqual({ ok: true, input: { a: 1 } });
  });

  it("accepts a value of undefined, which is a value", async () => {
    expect(await argumentReader(standard(() => ({ value: undefined })))({})).toEqual({ ok: true, input: undefined });
  });

  it("names bare keys and keys in objects, each place once and at most five", async () => {
    const message = SECRET;
    const at = (...path: readonly unknown[]): unknown => ({ message, path });
    const issues = [
      at("a", 0),
      at({ key: "b" }, { key: Symbol("s") }),
      at("a", 0),
      { message },
      at("d"),
      at("e"),
      at("f"),
    ];
    expect(await argumentReader(standard(() => ({ issues })))({})).toEqual({
      ok: false,
      problem: "wrong: a.0, b.Symbol(s), the whole, d, e",
    });
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error(SECRET);
      },
    ],
    [
      "throws later",
      async () => {
        throw new Error(SECRET);
      },
    ],
    ["answers with issues whose paths cannot be read", () => ({ issues: [{ path: 5 }] })],
    ["answers with issues that are none", () => ({ issues: [null] })],
  ])("I4: a schema that %s has not said yes", async (_, validate) => {
    expect(await argumentReader(standard(validate))({})).toEqual({
      ok: false,
      problem: "the schema could not read them",
    });
  });

  it.each([
    ["nothing", undefined],
    ["null", null],
    ["true", true],
    ["neither a value nor issues", {}],
    ["both a value and an empty list of issues", { value: 1, issues: [] }],
    ["a value and issues of null", { value: 1, issues: null }],
  ])("I4: an answer that is %s is no yes", async (_, answer) => {
    expect(await argumentReader(standard(() => answer))({})).toEqual({
      ok: false,
      problem: "they do not fit the schema",
    });
  });

  it("I4: an older schema says yes only with `success: true`", async () => {
    for (const answer of [undefined, {}, { success: "true", data: 1 }, { data: 1 }]) {
      const read = argumentReader({ safeParseAsync: () => answer });
      expect(await read({})).toEqual({ ok: false, problem: "they do not fit the schema" });
    }
  });
});

describe("argumentReader by a JSON Schema", () => {
  it("fills in nested defaults, also within a default", async () => {
    const read = argumentReader({
      properties: {
        page: { type: "object", default: {}, properties: { size: { type: "integer", default: 10 } } },
        sort: { type: "object", properties: { by: { default: "date" } } },
      },
    });
    expect(await read({ sort: {} })).toEqual({ ok: true, input: { page: { size: 10 }, sort: { by: "date" } } });
    expect(await read({})).toEqual({ ok: true, input: { page: { size: 10 } } });
  });

  it("I4: a default is checked like any other value", async () => {
    const read = argumentReader({ properties: { count: { type: "integer", default: "many" } } });
    expect(await read({})).toEqual({ ok: false, problem: "wrong: count" });
  });

  it("refuses members that the schema does not name, and names them", async () => {
    const read = argumentReader(orderJson);
    expect(await read({ item: "tea", admin: SECRET })).toEqual({ ok: false, problem: "wrong: admin" });
  });

  it("names the innermost places, not the objects around them", async () => {
    const read = argumentReader({ properties: { to: { properties: { lines: { items: { type: "string" } } } } } });
    const answer = await read({ to: { lines: ["a", 2] } });
    expect(answer).toMatchObject({ ok: false, problem: expect.stringContaining("to.lines.1") });
    expect(answer).not.toMatchObject({ problem: expect.stringContaining("the whole") });
  });

  it("follows references within the schema, of old drafts and new, also recursive ones", async () => {
    const list = { type: "object", properties: { next: { $ref: "#/$defs/list" }, n: { type: "integer" } } };
    const recursive = argumentReader({ $defs: { list }, $ref: "#/$defs/list" });
    expect((await recursive({ n: 1, next: { n: 2, next: {} } })).ok).toBe(true);
    expect(await recursive({ n: 1, next: { n: "2" } })).toMatchObject({ problem: expect.stringContaining("next.n") });
    const draft7 = argumentReader({
      definitions: { n: { type: "integer" } },
      properties: { a: { $ref: "#/definitions/n" } },
    });
    expect((await draft7({ a: 1 })).ok).toBe(true);
    expect(await draft7({ a: "1" })).toEqual({ ok: false, problem: "wrong: a" });
  });

  it.each(["#/$defs/gone", "https://example.org/schema.json", "other.json"])(
    "I4: a reference that leads nowhere (%s) lets nothing through",
    async ($ref) => {
      expect(await argumentReader({ properties: { a: { $ref } } })({ a: 1 })).toEqual({
        ok: false,
        problem: "the schema could not read them",
      });
    },
  );

  it("A-A13: arguments too deep for the schema's own recursion are a problem, not a crash", async () => {
    const node = { type: "object", properties: { child: { $ref: "#/$defs/node" } } };
    let deep: object = {};
    for (let level = 0; level < 100_000; level += 1) deep = { child: deep };
    expect((await argumentReader({ $defs: { node }, $ref: "#/$defs/node" })(deep)).ok).toBe(false);
  });

  it("writes nothing into the schema, so that a frozen one works", async () => {
    const schema = Object.freeze({
      type: "object",
      properties: Object.freeze({ a: Object.freeze({ type: "string" }) }),
    });
    const read = argumentReader(schema);
    expect((await read({ a: "x" })).ok).toBe(true);
    expect((await read({ a: 1 })).ok).toBe(false);
    const open = { type: "object", properties: { a: { type: "string" } } };
    await argumentReader(open)({ a: "x" });
    expect([Reflect.ownKeys(open), Reflect.ownKeys(open.properties.a)]).toEqual([["type", "properties"], ["type"]]);
  });

  it("takes the schemas true and false at their word", async () => {
    expect(await argumentReader(true)({ a: 1 })).toEqual({ ok: true, input: { a: 1 } });
    expect(await argumentReader(false)({ a: 1 })).toEqual({ ok: false, problem: "wrong: the whole" });
  });
});

describe("arguments named like an object's own members", () => {
  const poisoned = (): unknown => JSON.parse(`{"a":"x","__proto__":{"admin":"${SECRET}"}}`);

  it("A-A10: `__proto__` changes no object and fills in nothing", async () => {
    const property = JSON.parse('{"__proto__":{"default":{"admin":true}},"b":{"default":1}}') as object;
    for (const raw of [poisoned(), { a: "x" }]) {
      const answer = await argumentReader({ properties: property })(raw);
      const input = answer.ok ? (answer.input as object) : {};
      expect(Object.getPrototypeOf(input)).toBe(Object.prototype);
      expect("admin" in input).toBe(false);
      expect(new Set(Reflect.ownKeys(input))).toEqual(new Set([...Reflect.ownKeys(raw as object), "b"]));
    }
    expect("admin" in {}).toBe(false);
  });

  it.each(["__proto__", "constructor", "toString"])(
    "A-A10: `%s` is a member like any other to a schema that allows no others",
    async (name) => {
      const raw: unknown = JSON.parse(`{"${name}":"${SECRET}"}`);
      const read = argumentReader({ properties: { a: {} }, additionalProperties: false });
      expect(await read(raw)).toEqual({ ok: false, problem: `wrong: ${name}` });
    },
  );

  it("A-A10: a required member is not found among what every object has", async () => {
    expect((await argumentReader({ required: ["toString"] })({})).ok).toBe(false);
    expect(await argumentReader({ properties: { toString: { default: 1 } } })({})).toEqual({
      ok: true,
      input: { toString: 1 },
    });
  });
});

describe("argumentReader without a schema", () => {
  it.each([undefined, null])("takes any object where the schema is %s", async (schema) => {
    const raw = { any: [1] };
    expect(await argumentReader(schema)(raw)).toEqual({ ok: true, input: raw });
  });

  it.each([
    ["a text", SECRET],
    ["a list", [SECRET]],
    ["nothing", undefined],
    ["null", null],
    ["a number", 5],
  ])("I4: refuses %s", async (_, raw) => {
    expect(await argumentReader(undefined)(raw)).toEqual({ ok: false, problem: "not an object" });
  });

  it.each([
    ["a text", "string"],
    ["a number", 5],
    ["a list", []],
    ["a function", () => true],
  ])("I4: refuses %s as a schema when the reader is made", (_, schema) => {
    expect(() => argumentReader(schema)).toThrow(expect.objectContaining({ code: "LEASH_CONFIG_INVALID" }));
  });
});

describe("withDefaults", () => {
  const schema = { properties: { limit: { default: 5 }, where: { properties: { deep: { default: true } } } } };

  it("fills in what is missing and keeps what is there, also null and false", () => {
    expect(withDefaults({}, schema)).toEqual({ limit: 5 });
    expect(withDefaults({ limit: undefined, where: {} }, schema)).toEqual({ limit: 5, where: { deep: true } });
    expect(withDefaults({ limit: null, where: { deep: false } }, schema)).toEqual({
      limit: null,
      where: { deep: false },
    });
  });

  it.each([
    ["a text", "x"],
    ["a list", [1]],
    ["null", null],
    ["nothing", undefined],
  ])("leaves %s as it is", (_, input) => {
    expect(withDefaults(input, schema)).toBe(input);
  });

  it.each([
    ["no schema", undefined],
    ["a schema that says yes to all", true],
    ["a zod schema", order],
    ["odd properties", { properties: { a: true, b: 5 } }],
  ])("fills in nothing by %s", (_, other) => {
    expect(withDefaults({ a: 1 }, other)).toEqual({ a: 1 });
  });
});

describe("schemaDigest", () => {
  it("tells schemas apart by what they say, not by the order of their keys", () => {
    const digest = schemaDigest({ type: "object", properties: {} });
    expect(digest).toBe(domainDigest("leashkit/tool-schema/1", { properties: {}, type: "object" }));
    expect(schemaDigest({ properties: {}, type: "object" })).toBe(digest);
    expect(schemaDigest({ type: "object" })).not.toBe(digest);
  });

  it("overlooks notes that a validator left in the schema", () => {
    const noted = Object.defineProperty({ type: "object" }, "__note__", { value: "x", enumerable: false });
    expect(schemaDigest(noted)).toBe(schemaDigest({ type: "object" }));
  });

  it.each([
    ["undefined", undefined],
    ["null", null],
    ["a text", "x"],
    ["true", true],
    ["a list", []],
  ])("is null for %s", (_, schema) => expect(schemaDigest(schema)).toBeNull());

  it("is null for a schema that JSON cannot carry", () => {
    const ring: Record<string, unknown> = {};
    ring["self"] = ring;
    expect([schemaDigest(ring), schemaDigest({ max: 2n })]).toEqual([null, null]);
  });
});

describe("what is no schema", () => {
  it.each([
    ["a Map", new Map()],
    ["an instance of a class", Object.create({ type: "object" }) as object],
    ["a list", []],
    ["a text", "object"],
    ["a schema that holds itself", ring()],
    ["a schema with a bigint", { maximum: 2n }],
    ["two parts with one $id", { $defs: { a: { $id: "x" }, b: { $id: "x" } } }],
  ])("I4: %s is refused, and does not let everything pass", (_, schema) => {
    expect(() => argumentReader(schema)).toThrow(expect.objectContaining({ code: "LEASH_CONFIG_INVALID" }));
  });

  function ring(): object {
    const schema: Record<string, unknown> = {};
    schema["not"] = schema;
    return schema;
  }
});

describe("a JSON Schema's defaults", () => {
  const schema = { type: "object", properties: { to: { type: "array", default: [] }, note: { type: "string" } } };

  it("are copies: what a tool writes into one is not the next call's", async () => {
    const read = argumentReader(schema);
    const first = await read({});
    (first as { readonly input: { readonly to: string[] } }).input.to.push("eve");
    expect(await read({})).toEqual({ ok: true, input: { to: [] } });
  });

  it("come to what is undefined as to what is missing, as sealing takes it", async () => {
    expect(await argumentReader(schema)({ to: undefined, note: undefined })).toEqual({ ok: true, input: { to: [] } });
  });
});

describe("sealedText", () => {
  it("gives the text of an input that was sealed as text", () => {
    expect([sealedText({ input: "hello" }), sealedText({ input: "" })]).toEqual(["hello", ""]);
  });

  it.each([
    {},
    { input: 5 },
    { input: null },
    { other: "x" },
    { input: "x", other: 1 },
    "hello",
    null,
    ["x"],
    JSON.parse('{"__proto__":{"input":"x"}}'),
  ])("gives nothing for %j", (input) => expect(sealedText(input as never)).toBeUndefined());
});
