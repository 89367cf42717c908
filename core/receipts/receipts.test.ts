import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { BUY, leashThatSays, settle } from "../enforce/leash.fixture.ts";
import { isLeashError, NoEffect } from "../errors.ts";
import type { LeashErrorCode } from "../errors.ts";
import type { Approval } from "../model/approval.ts";
import type { Json } from "../model/json.ts";
import type { Leash } from "../model/leash.ts";
import { currentPermit } from "../enforce/permit.ts";
import { sha256Hex } from "../digest.ts";
import type { ReceiptClaims } from "../model/receipt.ts";
import { memoryStore } from "../store/memory.ts";
import type { Store } from "../store/store.ts";
import { type KeyRing, memoryKeyRing } from "../tokens/keys.ts";
import { IN_TOTO_TYPE, preAuthenticationEncoding, receiptEnvelope, verifyReceiptEnvelope } from "./envelope.ts";
import { issueReceipt, type ReceiptExpectation, verifyReceipt } from "./receipt.ts";

const code = (wanted: LeashErrorCode) => expect.toSatisfy((error: unknown) => isLeashError(error, wanted));
const ringOf = () => memoryKeyRing({ clock: { now: () => 1_000 }, random: randomBytes });

/** Runs the call and gives the receipt's token with what the permit said. */
async function ran(leash: Leash, run: () => unknown = () => "booked"): Promise<{ token: string; actionId: string }> {
  let actionId = "";
  const tool = (): unknown => {
    actionId = currentPermit()?.actionId ?? "";
    return run();
  };
  await leash.guard(BUY, tool).catch(() => undefined);
  return { actionId, token: (await leash.receipts.get(actionId)) ?? "" };
}

/** A call that ran on Ann's yes, under a leash that signs no receipts. */
async function ranUnsigned(store: Store, keys: KeyRing): Promise<{ leash: Leash; actionId: string }> {
  const { leash } = await leashThatSays({ effect: "approve" }, { store, keys, receipts: false });
  const running = leash.guard(BUY, () => currentPermit()?.actionId);
  await settle(leash, "approve");
  return { leash, actionId: (await running) ?? "" };
}

describe("receipts", () => {
  it("I1: a receipt names the digests of the call that ran, its proof, and what it returned", async () => {
    const { leash, log } = await leashThatSays({ effect: "allow" });
    const { actionId, token } = await ran(leash);
    const claims = verifyReceipt(token, leash.keySet(), { actionId, agent: "agent" });
    const granted = (await log()).find((line) => line["type"] === "granted");
    expect(claims).toMatchObject({
      outcome: "done",
      action_hash: granted?.["digest"],
      input_hash: sha256Hex('{"item":"tea"}'),
      output_hash: sha256Hex('"booked"'),
      decision_id: granted?.["decision_id"],
      proof_jti: granted?.["proof_jti"],
      proof_kid: granted?.["proof_kid"],
      policy_digest: granted?.["policy_digest"],
      attempt: 1,
      approvers: [],
    });
    expect(claims.effect).toBeUndefined();
    expect(claims.issued_late).toBeUndefined();
    await leash.close();
  });

  it("ties the yes of a person to the run", async () => {
    const { leash } = await leashThatSays({ effect: "approve" });
    const running = ran(leash);
    await settle(leash, "approve");
    const { token } = await running;
    const claims = verifyReceipt(token, leash.keySet());
    expect(claims.approvers).toMatchObject([{ approver: "ann", assurance: "login" }]);
    const approval = await leash.desk({ id: "bob" }).get(claims.approval_id ?? "");
    expect(claims.approvers[0]?.verdict_hash).toBe(sha256Hex(approval?.verdicts[0]?.token ?? ""));
  });

  it.each([
    ["what failed without effect", new NoEffect("full"), "none"],
    ["what failed", new Error("half way"), "unknown"],
  ])("tells of %s that it did", async (_name, error, effect) => {
    const { leash } = await leashThatSays({ effect: "allow" });
    const { token } = await ran(leash, () => {
      throw error;
    });
    expect(verifyReceipt(token, leash.keySet())).toMatchObject({ outcome: "failed", effect, output_hash: null });
  });

  it("is issued late, and says so, where the process ended before it signed one", async () => {
    const store = memoryStore();
    const keys = ringOf();
    const { actionId } = await ranUnsigned(store, keys);
    const { leash } = await leashThatSays({ effect: "allow" }, { store, keys });
    const claims = verifyReceipt((await leash.receipts.get(actionId)) ?? "", leash.keySet());
    expect(claims).toMatchObject({ issued_late: true, outcome: "done", sub: "default", attempt: 1 });
    expect(claims.proof_jti).not.toBe("");
    expect(await leash.receipts.list(actionId)).toHaveLength(1);
    expect(await leash.as({ tenant: "other" }).receipts.get(actionId)).toBeUndefined();
    expect(await leash.receipts.get("00000000-0000-8000-8000-000000000000")).toBeUndefined();
  });

  it("does not take a row for a receipt that the key did not sign", async () => {
    const store = memoryStore();
    const { leash } = await leashThatSays({ effect: "allow" }, { store, keys: ringOf() });
    const { actionId, token } = await ran(leash);
    const claims = verifyReceipt(token, leash.keySet());
    const forged = issueReceipt(ringOf().signer("receipt"), { ...claims, outcome: "failed" }, 1, randomBytes);
    await store.commit([{ kind: "receipt", id: `${actionId}.zz`, expect: 0, body: { v: 1, token: forged } }]);
    expect(await leash.receipts.list(actionId)).toEqual([token]);
  });

  it("I1: says nothing that only a row says: a yes that the desk did not sign, an outcome that the log does not know", async () => {
    const store = memoryStore();
    const { actionId, leash } = await ranUnsigned(store, ringOf());
    const [approval] = await store.list("approval");
    const [journal] = await store.list("journal");
    if (approval === undefined || journal === undefined) throw new Error("both were written");
    const [verdict] = (approval.body as unknown as Approval).verdicts;
    const forged = { ...verdict, approver: "ceo", assurance: "step_up" };
    const asked = { ...(approval.body as object), verdicts: [verdict, forged] } as unknown as Json;
    const row = {
      ...(journal.body as object),
      tool: "wire",
      finalDigest: sha256Hex("x"),
      outputRef: sha256Hex("y"),
    } as Json;
    await store.commit([
      { kind: "approval", id: approval.id, expect: approval.version, body: asked },
      { kind: "journal", id: journal.id, expect: journal.version, body: row },
    ]);
    const claims = verifyReceipt((await leash.receipts.get(actionId)) ?? "", leash.keySet());
    expect(claims).toMatchObject({ action_type: "buy", output_hash: sha256Hex(JSON.stringify(actionId)), chain: null });
    expect(claims.approvers.map(({ approver }) => approver)).toEqual(["ann"]);
  });

  it("puts the word of whoever ran a call in the place of one that was signed without it", async () => {
    const store = memoryStore();
    const keys = ringOf();
    const owner = await leashThatSays({ effect: "allow" }, { store, keys });
    const other = await leashThatSays({ effect: "allow" }, { store, keys });
    let actionId = "";
    await owner.leash.guard(BUY, () => void (actionId = currentPermit()?.actionId ?? ""));
    const early = (await other.leash.receipts.get(actionId)) ?? "";
    expect(verifyReceipt(early, owner.leash.keySet()).issued_late).toBe(true);
    await owner.leash.close();
    const [token = "", ...more] = await other.leash.receipts.list(actionId);
    expect(more).toEqual([]);
    expect(verifyReceipt(token, owner.leash.keySet())).toMatchObject({ sub: "default", chain: [] });
    expect(verifyReceipt(token, owner.leash.keySet()).issued_late).toBeUndefined();
  });

  it("does not let one damaged approval keep the other receipts back, and rests once it is closed", async () => {
    const store = memoryStore();
    let commits = 0;
    const watched: typeof store = {
      ...store,
      get: (kind, id) =>
        kind === "approval" && commits > 0 ? Promise.reject(new Error("damaged")) : store.get(kind, id),
      commit: (changes, append) => {
        if (changes.some(({ kind }) => kind === "receipt")) commits += 1;
        return store.commit(changes, append);
      },
    };
    const { leash } = await leashThatSays({ effect: "approve" }, { store: watched });
    const running = leash.guard(BUY, () => {
      commits = 1;
      return "booked";
    });
    await settle(leash, "approve");
    await running;
    const allowed = await leashThatSays({ effect: "allow" }, { store: watched });
    await allowed.leash.guard({ ...BUY, callId: "call-2" }, () => "booked");
    await allowed.leash.close();
    await leash.close();
    expect(await store.list("receipt")).toHaveLength(1);
    const atClose = commits;
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(commits).toBe(atClose);
  });

  it("does not hand out another action's receipt under an action's id", async () => {
    const store = memoryStore();
    const { leash } = await leashThatSays({ effect: "allow" }, { store });
    const { token } = await ran(leash);
    const other = "11111111-2222-8333-8444-555555555555";
    await store.commit([{ kind: "receipt", id: `${other}.a`, expect: 0, body: { v: 1, token } }]);
    expect(await leash.receipts.list(other)).toEqual([]);
  });

  it("writes what waited once the store answers again", async () => {
    const store = memoryStore();
    let isDown = false;
    const flaky: typeof store = {
      ...store,
      commit: (changes, append) =>
        isDown && changes.some(({ kind }) => kind === "receipt")
          ? Promise.reject(new Error("down"))
          : store.commit(changes, append),
    };
    const { leash } = await leashThatSays({ effect: "allow" }, { store: flaky });
    isDown = true;
    await leash.guard(BUY, () => "booked");
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await store.list("receipt")).toHaveLength(0);
    isDown = false;
    await leash.close();
    expect(await store.list("receipt")).toHaveLength(1);
  });

  it("refuses a receipt about something else than was expected", async () => {
    const keys = ringOf();
    const { leash } = await leashThatSays({ effect: "allow" }, { keys });
    const { token } = await ran(leash);
    const other = sha256Hex("other");
    const claims = verifyReceipt(token, leash.keySet());
    const envelope = receiptEnvelope(keys.signer("receipt"), claims);
    const differing: readonly ReceiptExpectation[] = [
      { action: other },
      { input: other },
      { actionId: "x" },
      { agent: "x" },
      { tenant: "x" },
      { proof: "x" },
    ];
    for (const expected of differing) {
      expect(() => verifyReceipt(token, leash.keySet(), expected)).toThrow(code("LEASH_TOKEN_INVALID"));
      expect(() => verifyReceiptEnvelope(envelope, leash.keySet(), expected)).toThrow(code("LEASH_TOKEN_INVALID"));
    }
    const expected = { action: `sha256:${claims.action_hash}`, proof: claims.proof_jti };
    expect(verifyReceipt(token, leash.keySet(), expected)).toEqual(claims);
    expect(verifyReceiptEnvelope(envelope, leash.keySet(), expected).predicate).toEqual(claims);
    for (const malformed of [{ action: "x" }, { agent: "" }, { proof: "" }]) {
      expect(() => verifyReceipt(token, leash.keySet(), malformed)).toThrow(code("LEASH_CONFIG_INVALID"));
    }
    expect(() => issueReceipt(ringOf().signer("proof"), verifyReceipt(token, leash.keySet()), 1, randomBytes)).toThrow(
      code("LEASH_TOKEN_PURPOSE"),
    );
  });
});

describe("a receipt's envelope", () => {
  it("encodes as the DSSE protocol's own example does", () => {
    const encoded = preAuthenticationEncoding("http://example.com/HelloWorld", Buffer.from("hello world"));
    expect(Buffer.from(encoded).toString()).toBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  });

  it("is an in-toto statement about the action, and holds as long as nothing in it is changed", async () => {
    const keys = ringOf();
    const { leash } = await leashThatSays({ effect: "allow" }, { keys });
    const { token } = await ran(leash);
    const claims = verifyReceipt(token, leash.keySet());
    const envelope = receiptEnvelope(keys.signer("receipt"), claims);
    const statement = verifyReceiptEnvelope(JSON.parse(JSON.stringify(envelope)), leash.keySet());
    expect(statement.subject[0]).toEqual({ name: claims.action_id, digest: { sha256: claims.action_hash } });
    expect(statement.predicate).toEqual(claims);
    const payload = Buffer.from(envelope.payload, "base64").toString().replace('"done"', '"failed"');
    const changed = { ...envelope, payload: Buffer.from(payload).toString("base64") };
    expect(() => verifyReceiptEnvelope(changed, leash.keySet())).toThrow(code("LEASH_TOKEN_INVALID"));
    for (const bad of [null, {}, { ...envelope, signatures: [] }, { ...envelope, payloadType: "text/plain" }]) {
      expect(() => verifyReceiptEnvelope(bad, leash.keySet())).toThrow(code("LEASH_TOKEN_INVALID"));
    }
    const others = ringOf().publicKeys("receipt");
    expect(() => verifyReceiptEnvelope(envelope, others)).toThrow(code("LEASH_TOKEN_INVALID"));
    expect(() => receiptEnvelope(keys.signer("proof"), claims)).toThrow(code("LEASH_TOKEN_PURPOSE"));
  });

  it("I8: is refused where its predicate is no receipt, though the receipt key signed it", async () => {
    const keys = ringOf();
    const { leash } = await leashThatSays({ effect: "allow" }, { keys });
    const claims = verifyReceipt((await ran(leash)).token, leash.keySet());
    const verify = (changes: Readonly<Record<string, unknown>>) => {
      const changed = JSON.parse(JSON.stringify({ ...claims, ...changes })) as ReceiptClaims;
      return verifyReceiptEnvelope(receiptEnvelope(keys.signer("receipt"), changed), leash.keySet());
    };
    expect(verify({}).predicate).toEqual(claims);
    const bad: readonly Readonly<Record<string, unknown>>[] = [
      { v: 2 },
      { iss: "openleash" },
      { purpose: "proof" },
      { outcome: "maybe" },
      { outcome: undefined },
      { approvers: undefined },
      { approvers: [{ approver: "ceo" }] },
      { started_at: "yesterday" },
    ];
    for (const changes of bad) {
      expect(() => verify(changes), JSON.stringify(changes)).toThrow(code("LEASH_TOKEN_INVALID"));
    }
  });

  it("is read in the one spelling that it was written in", async () => {
    const keys = ringOf();
    const { leash } = await leashThatSays({ effect: "allow" }, { keys });
    const { token } = await ran(leash);
    const signer = keys.signer("receipt");
    const good = receiptEnvelope(signer, verifyReceipt(token, leash.keySet()));
    const [signature] = good.signatures;
    const sign = (payload: Buffer) => {
      const sig = Buffer.from(signer.signBytes(preAuthenticationEncoding(IN_TOTO_TYPE, payload))).toString("base64");
      return { ...good, payload: payload.toString("base64"), signatures: [{ keyid: signer.kid, sig }] };
    };
    const bytes = Buffer.from(good.payload, "base64");
    expect(verifyReceiptEnvelope(sign(bytes), leash.keySet()).predicate.agent_id).toBe("agent");
    const at = bytes.indexOf('"agent"');
    const notUtf8 = Buffer.concat([bytes.subarray(0, at + 1), Buffer.from([0xff]), bytes.subarray(at + 2)]);
    const doubled = Buffer.from(bytes.toString().replace('"outcome"', '"outcome":"failed","outcome"'));
    const bad = [
      { ...good, payload: `${good.payload}\n` },
      { ...good, payload: `!${good.payload}` },
      { ...good, signatures: [{ ...signature, sig: `${signature?.sig} ` }] },
      { ...good, signatures: [signature, signature] },
      sign(notUtf8),
      sign(doubled),
    ];
    for (const [index, envelope] of bad.entries()) {
      expect(() => verifyReceiptEnvelope(envelope, leash.keySet()), String(index)).toThrow(code("LEASH_TOKEN_INVALID"));
    }
  });
});
