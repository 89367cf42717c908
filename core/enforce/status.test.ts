import { describe, expect, it } from "vitest";
import { NoEffect } from "../errors.ts";
import type { Run } from "../model/gate.ts";
import type { Leash } from "../model/leash.ts";
import { countingShop } from "../testing/counting-shop.ts";
import { BUY, leashThatSays, settle } from "./leash.fixture.ts";
import { deferredStatus, STATUS_TOOL } from "./status.ts";

const asked: string[] = [];

/** Only `buy` is known. */
function knowing(run: Run<unknown>): (tool: string) => Run<unknown> | undefined {
  return (tool) => {
    asked.push(tool);
    return tool === "buy" ? run : undefined;
  };
}

async function defer(leash: Leash): Promise<string> {
  const outcome = await leash.attempt(BUY, () => "never", { pause: "defer" });
  if (outcome.kind !== "pending") throw new Error(`The call is ${outcome.kind}.`);
  return outcome.error.ref;
}

async function deferred(): Promise<{ leash: Leash; shop: ReturnType<typeof countingShop>; ref: string }> {
  const { leash } = await leashThatSays("approve");
  return { leash, shop: countingShop(), ref: await defer(leash) };
}

describe("deferredStatus", () => {
  it("tells that a call still waits, and runs nothing", async () => {
    const { leash, shop, ref } = await deferred();
    expect(await deferredStatus(leash, ref, knowing(shop.buy))).toEqual({
      kind: "told",
      text: "Still waiting for a person. The call has not run. Go on with other work.",
    });
    expect(shop.orders).toEqual([]);
  });

  it("I2: runs an approved call once, and gives its result again, however often and at once it is asked", async () => {
    const { leash, shop, ref } = await deferred();
    await settle(leash, "approve");
    const ask = (): Promise<unknown> => deferredStatus(leash, ref, knowing(shop.buy));
    const sold = { kind: "result", result: { order: 1 } };
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([sold, sold, sold]);
    expect(await ask()).toEqual(sold);
    expect(shop.orders.map(({ input }) => input)).toEqual([BUY.input]);
  });

  it("finds the reference as models write it", async () => {
    const { leash, shop, ref } = await deferred();
    await settle(leash, "approve");
    const status = await deferredStatus(leash, `  ${ref.toLowerCase()}\n`, knowing(shop.buy));
    expect(status).toEqual({ kind: "result", result: { order: 1 } });
  });

  it("gives a result of undefined as a result", async () => {
    const { leash, ref } = await deferred();
    await settle(leash, "approve");
    expect(
      await deferredStatus(
        leash,
        ref,
        knowing(() => undefined),
      ),
    ).toEqual({ kind: "result", result: undefined });
  });

  it.each([undefined, null, "", "ZZZZ", 5, {}, ["K7Q2"]])(
    "I3: tells of a reference like %j only that none waits",
    async (ref) => {
      const { leash, shop } = await deferred();
      await settle(leash, "approve");
      expect(await deferredStatus(leash, ref, knowing(shop.buy))).toEqual({
        kind: "told",
        text: "No call of yours waits under this reference.",
      });
      expect(shop.orders).toEqual([]);
    },
  );

  it("I3: another agent's reference is one of nobody's", async () => {
    const { leash, shop, ref } = await deferred();
    await settle(leash, "approve");
    const status = await deferredStatus(leash.as({ agent: "other" }), ref, knowing(shop.buy));
    expect(status).toMatchObject({ kind: "told", text: expect.stringContaining("No call of yours") });
    expect(shop.orders).toEqual([]);
  });

  it("I14: tells a person's no in words, not as an exception", async () => {
    const { leash, shop, ref } = await deferred();
    await settle(leash, "deny");
    const status = await deferredStatus(leash, ref, knowing(shop.buy));
    expect(status).toMatchObject({ kind: "told", text: expect.stringContaining("not today") });
    expect(shop.orders).toEqual([]);
  });

  it("runs nothing of a tool that the adapter does not know, and leaves the approval as it is", async () => {
    const { leash, ref } = await deferred();
    await settle(leash, "approve");
    asked.length = 0;
    const status = await deferredStatus(leash, ref, (tool) => void asked.push(tool));
    expect(status).toMatchObject({ kind: "told", text: expect.stringContaining("not available here") });
    expect([asked, (await leash.deferred(ref))?.status]).toEqual([["buy"], "approved"]);
  });

  it("asks for no tool before a person has answered", async () => {
    const { leash, shop, ref } = await deferred();
    asked.length = 0;
    await deferredStatus(leash, ref, knowing(shop.buy));
    expect(asked).toEqual([]);
  });

  it("throws what the tool throws", async () => {
    const { leash, ref } = await deferred();
    await settle(leash, "approve");
    const closed = new NoEffect("the shop is closed");
    await expect(
      deferredStatus(
        leash,
        ref,
        knowing(() => Promise.reject(closed)),
      ),
    ).rejects.toBe(closed);
  });

  it("passes the options on: the adapter's name, its codec, and what it recognises as a pause", async () => {
    const { leash, log } = await leashThatSays("approve");
    const ref = await defer(leash);
    await settle(leash, "approve");
    const pause = new Error("the framework pauses");
    const codec = {
      encode: (when: unknown) => String(when),
      decode: (text: unknown) => new Date(Number(text)),
    };
    const options = { adapter: "some-adapter", codec, suspends: (thrown: unknown) => thrown === pause };
    await expect(
      deferredStatus(
        leash,
        ref,
        knowing(() => Promise.reject(pause)),
        options,
      ),
    ).rejects.toBe(pause);
    await deferredStatus(
      leash,
      ref,
      knowing(() => 5),
      options,
    );
    const again = await deferredStatus(
      leash,
      ref,
      knowing(() => 6),
      options,
    );
    expect(again).toEqual({ kind: "result", result: new Date(5) });
    expect((await log()).filter((line) => line["type"] === "executed")).toMatchObject([{ adapter: "some-adapter" }]);
  });

  it("tells an abort in words", async () => {
    const { leash, shop, ref } = await deferred();
    await settle(leash, "approve");
    const status = await deferredStatus(leash, ref, knowing(shop.buy), { signal: AbortSignal.abort() });
    expect(status).toEqual({ kind: "told", text: "Not run: the run was aborted." });
    expect(shop.orders).toEqual([]);
  });
});

describe("STATUS_TOOL", () => {
  it("takes one text and nothing else", () => {
    expect(STATUS_TOOL.name).toBe("leash_status");
    expect(STATUS_TOOL.parameters).toMatchObject({ required: ["ref"], additionalProperties: false });
    expect(Object.keys(STATUS_TOOL.parameters.properties)).toEqual(["ref"]);
  });
});
