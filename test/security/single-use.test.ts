import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLeash, memoryStore, sqliteStore, type Store, verifyProof } from "@leashkit/core";
import { codeOf } from "../support/thrown.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leashkit-single-use-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const audience = "agent";
const leash = await createLeash({ policy: { text: "leash: 1\ndefault: allow" }, store: "memory", notify: [] });
leash.register({ id: "buy" });
const proof = (): Promise<string> => leash.guard({ tool: "buy", input: {} }, (_input, permit) => permit.proof ?? "");

describe("marks of proofs that were used", () => {
  it("A-S10: are known to a second instance, and after a restart of both", async () => {
    const token = await proof();
    const open = (): Promise<Store> => sqliteStore({ file: join(folder, "store.db") });
    const use = (once: Store): Promise<string> => codeOf(verifyProof(token, leash.keySet(), { audience, once }));
    const [one, two] = [await open(), await open()];
    expect([await use(one), await use(two), await use(one)]).toEqual(["ran", "LEASH_TOKEN_USED", "LEASH_TOKEN_USED"]);
    await Promise.all([one.close(), two.close()]);
    const later = await open();
    expect(await use(later)).toBe("LEASH_TOKEN_USED");
    await later.close();
  });

  it("A-S10: are made once the signature holds and all else fits: a flood of others leaves nothing behind", async () => {
    const inner = memoryStore();
    let commits = 0;
    const once: Store = { ...inner, commit: (...args) => ((commits += 1), inner.commit(...args)) };
    const good = await proof();
    const [head, body] = [good.slice(0, "v4.public.".length), good.slice("v4.public.".length)];
    const changed = (place: number): string => {
      const other = body[place] === "A" ? "B" : "A";
      return `${head}${body.slice(0, place)}${other}${body.slice(place + 1)}`;
    };
    // Not its last letter: of that, some bits may mean nothing.
    const bad = Array.from({ length: body.length - 1 }, (_, place) => changed(place));
    for (const token of bad)
      expect(await codeOf(verifyProof(token, leash.keySet(), { audience, once }))).not.toBe("ran");
    expect(await codeOf(verifyProof(good, leash.keySet(), { audience: "other", once }))).toBe("LEASH_TOKEN_AUDIENCE");
    expect([bad.length > 1_000, commits, await once.list("used")]).toEqual([true, 0, []]);
    expect(await codeOf(verifyProof(good, leash.keySet(), { audience, once }))).toBe("ran");
    const [mark, ...others] = await once.list("used");
    expect([others.length, mark?.dueAt !== null, commits]).toEqual([0, true, 1]);
  });
});
