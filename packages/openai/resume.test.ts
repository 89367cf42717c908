import { describe, expect, it } from "vitest";
import { chatCall, functionCall } from "./calls.fixture.ts";
import { createInterceptor } from "./index.ts";
import { approveAll, leashFor } from "./leash.fixture.ts";
import { BUY, kept, LOOK, market, POLICY } from "./market.fixture.ts";

const refused = { code: "LEASH_CONFIG_INVALID" };

describe("I3: a misrouted suspension runs nothing, not even what needs nobody", () => {
  it("resumed for another agent", async () => {
    const { leash, ran, handlers, interceptor } = await market();
    const { suspension } = await interceptor.run([LOOK, BUY]);
    const other = createInterceptor(leash.as({ agent: "other" }), { handlers });
    await expect(other.run(kept(suspension))).rejects.toMatchObject(refused);
    expect(ran).toHaveLength(1);
  });

  it("resumed in another session", async () => {
    const { leash, ran, handlers, interceptor } = await market(POLICY, { session: "s1" });
    const { suspension } = await interceptor.run([LOOK, BUY]);
    const other = createInterceptor(leash, { handlers, session: "s2" });
    await expect(other.run(kept(suspension))).rejects.toMatchObject(refused);
    expect(ran).toHaveLength(1);
  });

  it("resumed over other state, as after the restart of a leash in memory", async () => {
    const { interceptor } = await market();
    const { suspension } = await interceptor.run([LOOK, BUY]);
    const restarted = await market();
    await expect(restarted.interceptor.run(kept(suspension))).rejects.toMatchObject(refused);
    expect(restarted.ran).toEqual([]);
  });

  it("resumed by an interceptor, or a run, that states another scope", async () => {
    const { leash, ran, handlers, interceptor } = await market(POLICY, { scope: "response-1" });
    const { suspension } = await interceptor.run([LOOK, BUY]);
    const other = createInterceptor(leash, { handlers, scope: "response-2" });
    await expect(other.run(kept(suspension))).rejects.toMatchObject(refused);
    await expect(interceptor.run(kept(suspension), {}, { scope: "response-2" })).rejects.toMatchObject(refused);
    expect(ran).toHaveLength(1);
  });

  it("resumed without the handlers that its calls need; with them it goes on", async () => {
    const { leash, ran, handlers } = await market();
    const bare = createInterceptor(leash);
    const { suspension } = await bare.run([LOOK, BUY, chatCall("w", "wipe", {})], handlers);
    await approveAll(leash);
    await expect(bare.run(kept(suspension))).rejects.toThrow(/look/u);
    const { outputs } = await bare.run(kept(suspension), handlers);
    expect(outputs).toMatchObject([{ content: "saw 1" }, { content: "sold 2" }, { content: /not available/u }]);
    expect(ran).toHaveLength(2);
  });

  it("resumed through a narrowed leash", async () => {
    const { leash, ran, handlers, interceptor } = await market();
    const { suspension } = await interceptor.run([LOOK, BUY]);
    const child = createInterceptor(leash.narrow({ tools: ["look", "buy"], agent: "child" }), { handlers });
    await expect(child.run(kept(suspension))).rejects.toMatchObject(refused);
    expect(ran).toHaveLength(1);
  });

  it("of a turn that waits for nobody", async () => {
    const { ran, interceptor } = await market();
    const { suspension } = await interceptor.run([LOOK, BUY]);
    await expect(interceptor.run({ ...kept(suspension), refs: [] })).rejects.toMatchObject(refused);
    expect(ran).toHaveLength(1);
  });
});

describe("I2: a turn that cannot be kept runs nothing", () => {
  it.each([
    ["an empty scope", ""],
    ["a scope that is no text", 7 as never],
  ])("%s", async (_name, scope) => {
    const { ran, interceptor } = await market();
    await expect(interceptor.run([LOOK, BUY], {}, { scope })).rejects.toMatchObject(refused);
    expect(ran).toEqual([]);
    const leash = await leashFor(POLICY);
    expect(() => createInterceptor(leash, { scope })).toThrow(expect.objectContaining(refused));
  });

  it("an item that JSON cannot carry", async () => {
    const { ran, interceptor } = await market();
    const cyclic: Record<string, unknown> = { ...BUY };
    cyclic["self"] = cyclic;
    await expect(interceptor.run([LOOK, cyclic])).rejects.toMatchObject({ code: "LEASH_INPUT_INVALID" });
    expect(ran).toEqual([]);
  });

  it("what the client's own helpers made of the arguments is left out, whatever it is", async () => {
    const { leash, ran, interceptor } = await market();
    const parsed_arguments = { item: "tea", count: 1n };
    const chat = { ...BUY, function: { ...BUY.function, parsed_arguments } };
    const { suspension } = await interceptor.run([LOOK, chat, { ...functionCall("r", "buy", {}), parsed_arguments }]);
    expect(JSON.stringify(suspension)).not.toContain("parsed_arguments");
    await approveAll(leash, 2);
    expect((await interceptor.run(kept(suspension))).outputs).toHaveLength(3);
    expect(ran).toHaveLength(3);
  });

  it("keeps each call as it was decided, whatever becomes of the item meanwhile", async () => {
    const { ran, interceptor, leash } = await market();
    const look = structuredClone(LOOK);
    const meddle = ({ at }: { at: string }): void => {
      look.function.arguments = '{"at":"safe"}';
      ran.push(at);
    };
    const { suspension } = await interceptor.run([look, BUY], { look: meddle });
    await approveAll(leash);
    await interceptor.run(kept(suspension));
    expect(ran).toEqual(["shelf", 'buy {"item":"tea"}']);
  });
});

describe("I4: what was refused stays refused when its turn is resumed", () => {
  it("where JSON makes of the item something that could run", async () => {
    const { leash, ran, interceptor } = await market();
    const strange = { ...LOOK, function: { name: "look", arguments: new Map() } };
    const { suspension } = await interceptor.run([strange, BUY]);
    await approveAll(leash);
    expect((await interceptor.run(kept(suspension))).outputs).toMatchObject([{ content: /not an object/u }, {}]);
    expect(ran).toEqual(['buy {"item":"tea"}']);
  });

  it("where one of two calls of an id was taken out", async () => {
    const { leash, ran, interceptor } = await market();
    const { suspension } = await interceptor.run([LOOK, LOOK, BUY]);
    const edited = kept(suspension);
    await approveAll(leash);
    await interceptor.run({ ...edited, calls: edited.calls.slice(1) });
    expect(ran).toEqual(['buy {"item":"tea"}']);
  });
});
