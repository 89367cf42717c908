import { describe, expect, it } from "vitest";
import { isLeashError, type LeashErrorCode } from "./errors.ts";
import { signWebhook, verifyWebhook } from "./webhooks.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const NOW = Date.UTC(2026, 0, 1);
const BODY = '{"type":"approval.opened","note":"für 💸"}';
const HEADERS = signWebhook({ id: "msg_1", sentAt: NOW }, BODY, SECRET);

const coded = (code: LeashErrorCode): unknown => expect.toSatisfy((error) => isLeashError(error, code));
const verify = (headers: Headers | Record<string, unknown>, body: string | Uint8Array = BODY, secret = SECRET) =>
  verifyWebhook(headers, body, secret, { now: NOW });

describe("a signed webhook", () => {
  it("is taken under any spelling of its headers, as an object or as Headers, with a body of text or bytes", () => {
    const capitals = Object.fromEntries(Object.entries(HEADERS).map(([name, value]) => [name.toUpperCase(), value]));
    for (const headers of [{ ...HEADERS }, capitals, new Headers({ ...HEADERS })]) {
      expect(verify(headers)).toEqual({ id: "msg_1", sentAt: NOW });
      expect(verify(headers, Buffer.from(BODY))).toEqual({ id: "msg_1", sentAt: NOW });
    }
  });

  it("A-S11: is refused with anything about it changed", () => {
    const changed: readonly (readonly [Record<string, unknown>, string?, string?])[] = [
      [{ "webhook-id": "msg_2" }],
      [{ "webhook-timestamp": String(NOW / 1_000 + 1) }],
      [{}, BODY.replace("opened", "settled")],
      [{}, `${BODY} `],
      [{}, BODY, OTHER],
      [{ "webhook-signature": HEADERS["webhook-signature"].replace("v1,", "v1a,") }],
      [{ "webhook-signature": HEADERS["webhook-signature"].replace("v1,", "") }],
      [{ "webhook-signature": [HEADERS["webhook-signature"]] }],
      [{ "Webhook-Id": "msg_1" }],
    ];
    for (const [headers, body, secret] of changed) {
      expect(() => verify({ ...HEADERS, ...headers }, body, secret)).toThrow(coded("LEASH_TOKEN_INVALID"));
    }
  });

  it("A-S11: an id cannot take a part of the timestamp, nor a timestamp a part of the body", () => {
    for (const id of ["msg.1", "", "ä", "a b", "a\n", "x".repeat(257)]) {
      expect(() => signWebhook({ id, sentAt: NOW }, BODY, SECRET)).toThrow(coded("LEASH_INPUT_INVALID"));
      expect(() => verify({ ...HEADERS, "webhook-id": id })).toThrow(coded("LEASH_TOKEN_INVALID"));
    }
    for (const sentAt of [-1, Number.NaN, 0.5, Number.MAX_VALUE]) {
      expect(() => signWebhook({ id: "a", sentAt }, BODY, SECRET)).toThrow(coded("LEASH_INPUT_INVALID"));
    }
    // The same bytes under the MAC, cut elsewhere.
    const seconds = HEADERS["webhook-timestamp"];
    const shifted = { ...HEADERS, "webhook-timestamp": `${seconds}.{` };
    expect(() => verify(shifted, BODY.slice(1))).toThrow(coded("LEASH_TOKEN_INVALID"));
  });

  it("is taken up to its tolerance on both sides and not beyond", () => {
    const at = (offset: number, toleranceMs?: number) => () =>
      verifyWebhook({ ...HEADERS }, BODY, SECRET, {
        now: NOW + offset,
        ...(toleranceMs === undefined ? {} : { toleranceMs }),
      });
    for (const take of [at(300_000), at(-300_000), at(10, 10), at(0, 0)]) expect(take().id).toBe("msg_1");
    for (const late of [at(300_001), at(11, 10)]) expect(late).toThrow(coded("LEASH_TOKEN_EXPIRED"));
    for (const early of [at(-300_001), at(-11, 10)]) expect(early).toThrow(coded("LEASH_TOKEN_INVALID"));
    for (const wrong of [at(Number.NaN), at(0, -1), at(0, 0.5)]) expect(wrong).toThrow(coded("LEASH_CONFIG_INVALID"));
  });

  it("carries a signature for each secret, and any of the receiver's is enough", () => {
    const both = { ...signWebhook({ id: "a", sentAt: NOW }, BODY, [SECRET, OTHER]) };
    expect(both["webhook-signature"]?.split(" ")).toHaveLength(2);
    for (const secret of [SECRET, OTHER]) expect(verify(both, BODY, secret).id).toBe("a");
    expect(verifyWebhook({ ...HEADERS }, BODY, [OTHER, SECRET], { now: NOW }).id).toBe("msg_1");
    const flood = `${"v1,AAAA ".repeat(16)}${HEADERS["webhook-signature"]}`;
    expect(() => verify({ ...HEADERS, "webhook-signature": flood })).toThrow(coded("LEASH_TOKEN_INVALID"));
  });

  it("A-S11: takes no secret that is short, long, or not base64, on either side", () => {
    const base64 = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 1).toString("base64")}`;
    for (const secret of [base64(23), base64(65), "whsec_", "", `${SECRET}-`, "whsec_ä", `${SECRET.slice(0, -3)} Sw`]) {
      expect(() => signWebhook({ id: "a", sentAt: NOW }, BODY, secret), secret).toThrow(coded("LEASH_CONFIG_INVALID"));
      expect(() => verify({ ...HEADERS }, BODY, secret), secret).toThrow(coded("LEASH_CONFIG_INVALID"));
    }
    expect(() => signWebhook({ id: "a", sentAt: NOW }, BODY, [])).toThrow(coded("LEASH_CONFIG_INVALID"));
    for (const bytes of [24, 64])
      expect(signWebhook({ id: "a", sentAt: NOW }, BODY, base64(bytes))).toBeTypeOf("object");
  });

  it("says nothing of the secret when it refuses one", () => {
    const secret = `${SECRET}!`;
    expect(() => signWebhook({ id: "a", sentAt: NOW }, BODY, secret)).toThrow(
      expect.toSatisfy((error) => !String(error).includes(SECRET.slice(6, 30))),
    );
  });
});
