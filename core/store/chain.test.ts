import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { isLeashError } from "../errors.ts";
import type { AuditRecord } from "../model/audit.ts";
import { EMPTY_HEAD, hashOf, link, recordText } from "./chain.ts";

const NEW_YEAR = Date.UTC(2026, 0, 1);

const small: AuditRecord = {
  payload: { type: "decided", tenant: "acme", actor_type: "agent", actor_id: "shopper" },
  envelope: {},
};

// Members in an order that is not the line's.
const full: Required<AuditRecord> & { payload: Required<AuditRecord["payload"]> } = {
  envelope: {
    trace_id: "t1",
    adapter: "x",
    proof_jti: "j1",
    proof_kid: "k1",
    approval_id: "p1",
    decision_id: "d1",
    action_id: "a1",
  },
  payload: {
    agent: "shopper",
    subject: "bob",
    detail: "",
    device: null,
    assurance: "login",
    method: "terminal",
    answer: "approve",
    signature_valid: true,
    output_ref: "out",
    input_ref: "in",
    digest: "0a",
    policy_digest: "0b",
    policy_id: "p",
    reason_code: "rule",
    rule: null,
    shadow_rule: "stricter",
    shadow_decision: "DENY",
    effective: "COMPUTE",
    decision: "ALLOW",
    action_type: "purchase",
    actor_id: "ann",
    actor_type: "person",
    tenant: "acme",
    type: "approval.settled",
  },
};

function sha256OfLeaf(text: string): string {
  return createHash("sha256").update(Buffer.of(0)).update(text, "utf8").digest("hex");
}

describe("link", () => {
  it("writes exactly this line", () => {
    const { line } = link("w-1", EMPTY_HEAD, NEW_YEAR, small);
    const zeros = "0".repeat(64);
    const before =
      '{"v":1,"stream":"w-1","seq":0,"ts":"2026-01-01T00:00:00.000Z","type":"decided","tenant":"acme",' +
      `"actor_type":"agent","actor_id":"shopper","prev":"${zeros}"`;
    // The hash was computed by another program (Python's hashlib).
    expect(line).toBe(`${before},"hash":"145a1340a66aa3fcc4d2a7e9a5401f17dc579342da0bd6e58f9c15ff108fab1a"}`);
  });

  it("writes all members in their fixed order, payload first", () => {
    const { line } = link("w", { seq: 7, hash: "f".repeat(64) }, NEW_YEAR + 1, full);
    expect(line.slice(0, line.indexOf(',"prev"'))).toBe(
      '{"v":1,"stream":"w","seq":7,"ts":"2026-01-01T00:00:00.001Z","type":"approval.settled","tenant":"acme",' +
        '"actor_type":"person","actor_id":"ann","action_type":"purchase","decision":"ALLOW","effective":"COMPUTE",' +
        '"shadow_decision":"DENY","shadow_rule":"stricter","rule":null,"reason_code":"rule","policy_id":"p","policy_digest":"0b","digest":"0a","input_ref":"in",' +
        '"output_ref":"out","signature_valid":true,"answer":"approve","method":"terminal","assurance":"login",' +
        '"device":null,"detail":"","subject":"bob","agent":"shopper","action_id":"a1","decision_id":"d1","approval_id":"p1","proof_kid":"k1",' +
        '"proof_jti":"j1","adapter":"x","trace_id":"t1"',
    );
  });

  it("writes a text as JSON does, whatever stands in it", () => {
    const texts = Array.from({ length: 0x180 }, (_, code) => `a${String.fromCharCode(code)}b`);
    for (const detail of [...texts, "", "\u2028", "é𝒳", '"', "\\"]) {
      const line = recordText({ ...small, payload: { ...small.payload, detail } });
      expect(line).toBe(`,${JSON.stringify({ ...small.payload, detail }).slice(1, -1)}`);
    }
  });

  it("leaves out members that are undefined", () => {
    const record: AuditRecord = JSON.parse(JSON.stringify(small));
    Object.assign(record.payload, { detail: undefined });
    Object.assign(record.envelope, { adapter: undefined });
    expect(link("w", EMPTY_HEAD, NEW_YEAR, record)).toEqual(link("w", EMPTY_HEAD, NEW_YEAR, small));
  });

  it("dates lines as JavaScript does, whichever was dated before", () => {
    const times = [
      0,
      999,
      1_000,
      59_999,
      NEW_YEAR - 1,
      NEW_YEAR,
      NEW_YEAR + 7,
      NEW_YEAR + 70,
      NEW_YEAR + 700,
      253_402_300_799_999,
    ];
    for (const ts of [...times, ...times.toReversed()]) {
      expect(link("w", EMPTY_HEAD, ts, small).line).toContain(`,"ts":"${new Date(ts).toISOString()}",`);
    }
  });

  it("names the hash of the line before and counts on", () => {
    const first = link("w", EMPTY_HEAD, NEW_YEAR, small);
    const second = link("w", first.head, NEW_YEAR, small);
    expect(first.head).toEqual({ seq: 1, hash: hashOf(first.line) });
    expect(second.line).toContain(`"seq":1,`);
    expect(second.line).toContain(`,"prev":"${hashOf(first.line)}","hash":`);
    expect(second.head.seq).toBe(2);
  });

  it("hashes the UTF-8 bytes of a line whose text is not ASCII, and stays one line", () => {
    const record = { ...small, payload: { ...small.payload, actor_id: 'é𝄞"\n\u2028' } };
    const { line } = link('w"é', EMPTY_HEAD, NEW_YEAR, record);
    expect(line).not.toContain("\n");
    expect(JSON.parse(line)).toMatchObject({ stream: 'w"é', actor_id: 'é𝄞"\n\u2028' });
    expect(hashOf(line)).toBe(sha256OfLeaf(line.slice(0, line.lastIndexOf(',"hash":'))));
  });

  it.each([
    ["an unknown member of the payload", { payload: { ...small.payload, surprise: "x" }, envelope: {} }],
    ["an unknown member of the envelope", { payload: small.payload, envelope: { surprise: "x" } }],
    ["a payload's member in the envelope", { payload: small.payload, envelope: { detail: "x" } }],
    ["a number", { payload: { ...small.payload, detail: 1 }, envelope: {} }],
    ["an object", { payload: { ...small.payload, detail: {} }, envelope: {} }],
    ["a missing member", { payload: { type: "decided", tenant: "t", actor_type: "agent" }, envelope: {} }],
  ])("refuses a record with %s", (_what, bad) => {
    const record: AuditRecord = JSON.parse(JSON.stringify(bad));
    let caught: unknown;
    try {
      link("w", EMPTY_HEAD, NEW_YEAR, record);
    } catch (error) {
      caught = error;
    }
    expect(isLeashError(caught, "LEASH_INPUT_INVALID")).toBe(true);
  });
});

describe("hashOf", () => {
  it("finds no hash in what does not end like a line", () => {
    const { line } = link("w", EMPTY_HEAD, NEW_YEAR, small);
    expect(hashOf(line)).toMatch(/^[0-9a-f]{64}$/);
    expect(hashOf(line.slice(0, -1))).toBeUndefined();
    expect(hashOf(`${line} `)).toBeUndefined();
    expect(hashOf("")).toBeUndefined();
  });
});

describe("what must verify", () => {
  it("I10: refuses a record that the verifier could not read back", () => {
    const payload = { type: "decided", tenant: "t", actor_type: "agent", actor_id: "a" } as const;
    for (const detail of ["\ud800", "x".repeat(600_000)]) {
      expect(() => recordText({ payload: { ...payload, detail }, envelope: {} })).toThrow(
        expect.objectContaining({ code: "LEASH_INPUT_INVALID" }),
      );
    }
  });
});
