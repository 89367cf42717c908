import { describe, expect, it } from "vitest";
import { ERROR_CODES, isLeashError, LeashDenied, LeashError, LeashPending, NoEffect, PolicyInvalid } from "./errors.ts";

describe("error codes", () => {
  it("all start with LEASH_ and none is listed twice", () => {
    expect(new Set(ERROR_CODES).size).toBe(ERROR_CODES.length);
    for (const code of ERROR_CODES) expect(code).toMatch(/^LEASH_[A-Z_]+$/);
  });
});

describe("isLeashError", () => {
  it("knows the whole family, and one code from another", () => {
    const errors = [
      new LeashError("LEASH_DENIED", "no"),
      new LeashDenied({ reasonCode: "rule", reason: "no" }),
      new LeashPending({ id: "1", ref: "K7Q2", tool: "buy", expiresAt: 0 }),
      new PolicyInvalid("leash.yaml", []),
    ];
    for (const error of errors) {
      expect(isLeashError(error)).toBe(true);
      expect(isLeashError(error, error.code)).toBe(true);
      expect(isLeashError(error, "LEASH_TOKEN_USED")).toBe(false);
      expect(error).toBeInstanceOf(Error);
    }
  });

  it("knows errors of another installed copy by their registered mark", () => {
    const foreign = Object.assign(new Error("no"), { code: "LEASH_DENIED", [Symbol.for("leashkit.error")]: true });
    expect(isLeashError(foreign, "LEASH_DENIED")).toBe(true);
  });

  it.each([
    undefined,
    null,
    "LEASH_DENIED",
    1,
    {},
    new Error("no"),
    { code: "LEASH_DENIED" },
    new NoEffect("nothing was sent"),
  ])("takes %s for no error of ours", (thrown) => {
    expect(isLeashError(thrown)).toBe(false);
    expect(isLeashError(thrown, "LEASH_DENIED")).toBe(false);
  });

  it("takes a mark that is not exactly true for none", () => {
    expect(isLeashError({ [Symbol.for("leashkit.error")]: "true", code: "LEASH_DENIED" })).toBe(false);
  });
});

describe("LeashDenied", () => {
  it("is LEASH_DENIED without note and approval, unless it is told otherwise", () => {
    const plain = new LeashDenied({ reasonCode: "rule", reason: "The freeze is on." });
    expect(plain).toMatchObject({
      name: "LeashDenied",
      code: "LEASH_DENIED",
      message: "The freeze is on.",
      note: null,
      approvalId: null,
    });
    expect("cause" in plain).toBe(false);
    const cause = new Error("why");
    const full = new LeashDenied({
      code: "LEASH_EXPIRED",
      reasonCode: "approval_expired",
      reason: "late",
      note: "n",
      approvalId: "a",
      cause,
    });
    expect(full).toMatchObject({ code: "LEASH_EXPIRED", note: "n", approvalId: "a", cause });
  });
});

describe("LeashPending", () => {
  it("names the ref and carries nothing that was asked about", () => {
    const approval = { id: "1", ref: "K7Q2", tool: "buy", expiresAt: 9, text: '{"card":"4111"}' };
    const pending = new LeashPending(approval);
    expect(pending).toMatchObject({ code: "LEASH_PENDING", ref: "K7Q2", approvalId: "1", tool: "buy", expiresAt: 9 });
    expect(pending.message).toContain("K7Q2");
    expect(JSON.stringify(pending) + pending.message).not.toContain("4111");
  });
});

describe("PolicyInvalid", () => {
  it("lists every issue with its place and hint", () => {
    const error = new PolicyInvalid("leash.yaml", [
      {
        code: "unknown_key",
        message: "`alow` is no key",
        line: 3,
        column: 5,
        pointer: "/alow",
        hint: "did you mean `allow`?",
      },
      { code: "bad_duration", message: "`expires_in` must be positive", line: 9, column: 1, pointer: "/x" },
    ]);
    expect(error.message).toContain("leash.yaml:3:5 `alow` is no key (did you mean `allow`?)");
    expect(error.message).toContain("leash.yaml:9:1 `expires_in` must be positive");
    expect(error.message).not.toContain("undefined");
    expect(error.issues).toHaveLength(2);
  });
});
