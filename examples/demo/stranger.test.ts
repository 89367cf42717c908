import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { checkLog, openProof } from "./stranger.ts";

function chain(count: number): string[] {
  let prev = "0".repeat(64);
  return Array.from({ length: count }, (_, seq) => {
    const open = `{"v":1,"stream":"s","seq":${seq},"type":"decided","prev":"${prev}"`;
    prev = createHash("sha256").update("\0").update(open).digest("hex");
    return `${open},"hash":"${prev}"}`;
  });
}

describe("checkLog", () => {
  it("accepts an unbroken chain and counts its lines", () => {
    expect(checkLog(chain(3).join("\n"))).toBe(3);
  });

  it("I10: finds an edited, a removed and a swapped line", () => {
    const [first = "", second = "", third = ""] = chain(3);
    expect(() => checkLog([first, second.replace("decided", "granted"), third].join("\n"))).toThrow("at s 1");
    expect(() => checkLog([first, third].join("\n"))).toThrow("at s 2");
    expect(() => checkLog([second, first, third].join("\n"))).toThrow("at s 1");
  });
});

describe("openProof", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("base64url");
  const keys = JSON.stringify({ v: 1, keys: [{ kid: "k", purpose: "proof", publicKey: `k4.public.${raw}` }] });

  function token(claims: object): string {
    const message = Buffer.from(JSON.stringify(claims));
    const size = Buffer.alloc(8);
    size.writeUInt32LE(message.length);
    const signed = Buffer.concat([
      Buffer.from("0400000000000000", "hex"),
      Buffer.from("0a00000000000000", "hex"),
      Buffer.from("v4.public."),
      size,
      message,
      Buffer.alloc(16),
    ]);
    return `v4.public.${Buffer.concat([message, sign(null, signed, privateKey)]).toString("base64url")}`;
  }

  it("returns the claims of a token whose signature holds", () => {
    expect(openProof(token({ kid: "k", jti: "1" }), keys)).toEqual({ kid: "k", jti: "1" });
  });

  it("refuses a changed token and a key that is not published for proofs", () => {
    const good = token({ kid: "k", jti: "1" });
    const changed = `${good.slice(0, 12)}${good[12] === "A" ? "B" : "A"}${good.slice(13)}`;
    expect(() => openProof(changed, keys)).toThrow();
    expect(() => openProof(good, keys.replace('"proof"', '"receipt"'))).toThrow("no published proof key");
    expect(() => openProof(token({ kid: "other" }), keys)).toThrow("no published proof key");
  });
});
