import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Decision } from "../model/decision.ts";
import { decisionLine, duration } from "./display.ts";
import { displayName, mixedScript, visible } from "./visible.ts";

/** The inverse of the escapes; in JSON a doubled backslash is the text's own and stays. */
function readBack(shown: string, backslash: string): string {
  return shown.replace(/\\\\|\\u\{([0-9A-F]+)\}/gu, (_match, code: string | undefined) =>
    code === undefined ? backslash : String.fromCodePoint(Number.parseInt(code, 16)),
  );
}

const codeUnits = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0x5c, 0x202e, 0x200b, 0xd83d, 0xde00, 0xfe0f)))
  .map((units) => String.fromCharCode(...units));
const anyText = fc.oneof(codeUnits, fc.string({ unit: "binary" }), fc.string());

const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Bidi_Control}]|(?! )\p{Zs}|(?!\uFE0F)\p{Default_Ignorable_Code_Point}/u;

describe("visible", () => {
  it.each([
    ["a right-to-left override", "invoice\u202Efdp.exe", "invoice\\u{202E}fdp.exe"],
    ["isolates and marks", "\u2066a\u2069\u200F\u061C", "\\u{2066}a\\u{2069}\\u{200F}\\u{61C}"],
    ["a zero-width space", "pay\u200Bpal", "pay\\u{200B}pal"],
    ["a zero-width joiner", "a\u200Db", "a\\u{200D}b"],
    ["a soft hyphen", "re\u00ADmove", "re\\u{AD}move"],
    ["a terminal escape", "\u001B[2Jclean", "\\u{1B}[2Jclean"],
    ["a C1 control sequence introducer", "\u009B2J", "\\u{9B}2J"],
    ["DEL and backspace", "\u007F\b", "\\u{7F}\\u{8}"],
    ["line breaks", "a\nb\rc\u2028d\u2029", "a\\u{A}b\\u{D}c\\u{2028}d\\u{2029}"],
    ["a tag", "a\u{E0041}", "a\\u{E0041}"],
    ["a variation selector on a letter", "a\uFE0F\u{E0100}", "a\\u{FE0F}\\u{E0100}"],
    ["a lone surrogate", "a\uD83D", "a\\u{D83D}"],
    ["blanks that are not the space", "a\u00A0b\u3000\u2800\u3164", "a\\u{A0}b\\u{3000}\\u{2800}\\u{3164}"],
    ["a pile of marks", `a${"\u0301".repeat(6)}`, `a${"\u0301".repeat(4)}\\u{301}\\u{301}`],
    ["a backslash", "\\u{202E}", "\\\\u{202E}"],
  ])("A-H5: shows %s as an escape", (_what, text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it.each(["Grüße, 你好, Привет, مرحبا, नमस्ते", "a b\u0301", "❤️ 👍🏽 ✔", "1 < 2 & 3"])(
    "leaves %s as people write it",
    (text) => {
      expect(visible(text)).toBe(text);
    },
  );

  it("A-H5: no text whatever leaves a hidden character in its output", () => {
    fc.assert(
      fc.property(anyText, (text) => !UNSEEN.test(visible(text))),
      { numRuns: 2_000 },
    );
  });

  it("A-H5: every text can be told from every other, since the output can be read back", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(readBack(visible(text), "\\")).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("mixedScript", () => {
  it.each(["p\u0430ypal", "аррӏе.com", "https://аррӏе.com/login", "ada@gοοgle.com", "ϲitibank_login.net", "Ρay"])(
    "A-H5: warns of %s",
    (text) => {
      expect(mixedScript(text)).toBe(true);
    },
  );

  it.each(["paypal.com", "отчёт.pdf", "Привет, John", "почта@пример.рф", "東京tower", "αβγ", "роса", "", "4.2"])(
    "does not cry wolf over %s",
    (text) => {
      expect(mixedScript(text)).toBe(false);
    },
  );
});

describe("displayName", () => {
  it("leaves plain names alone and quotes all others", () => {
    expect(displayName("http.request:v2@host")).toBe("http.request:v2@host");
    expect(displayName("")).toBe('""');
    expect(displayName('a "b"\\')).toBe('"a \\"b\\"\\\\"');
    expect(displayName("a\u202Eb")).toBe('"a\\u{202E}b"');
  });
});

describe("duration", () => {
  it.each([
    [-1, "none"],
    [0, "none"],
    [999, "less than 1 s"],
    [59_999, "59 s"],
    [3_600_000, "1 h"],
    [3_599_000, "59 min 59 s"],
    [90_061_000, "1 d 1 h"],
  ])("%d ms is %s", (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});

describe("decisionLine", () => {
  const decision: Decision = {
    v: 1,
    effect: "allow",
    rule: "small",
    ruleDigest: "e".repeat(64),
    reasonCode: "rule",
    reason: "under 50",
    transform: null,
    obligations: [],
    terms: null,
    counterparty: null,
    proofTtlMs: 120_000,
    mode: "enforce",
    policyId: "shop",
    policyDigest: "f".repeat(64),
  };

  it("names the effect, the tool, the rule and the reason", () => {
    expect(decisionLine("send_money", decision)).toBe("ALLOW send_money (rule small: under 50)");
    expect(decisionLine("send_money", { ...decision, effect: "deny", rule: null, reasonCode: "tool_unknown" })).toBe(
      "DENY send_money (tool_unknown: under 50)",
    );
  });

  it("calls an allow with a transform COMPUTE", () => {
    expect(decisionLine("q", { ...decision, transform: { tool: "q", input: {} } })).toMatch(/^COMPUTE q /u);
  });

  it("I12: an observed decision cannot be mistaken for one that was enforced", () => {
    expect(decisionLine("q", { ...decision, mode: "observe" })).toContain("observed and not enforced");
  });

  it("escapes what it prints", () => {
    expect(UNSEEN.test(decisionLine("a\u001Bb", { ...decision, reason: "\u202E" }))).toBe(false);
  });
});
