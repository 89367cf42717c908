import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Approval } from "../model/approval.ts";
import type { Decision } from "../model/decision.ts";
import { card, decisionLine, duration, mixedScript, statusLine, visible } from "./display.ts";

const OPENED = Date.UTC(2026, 0, 1);

function approvalOf(changes: Partial<Approval> = {}): Approval {
  return {
    v: 1,
    id: "019b76da-a800-7000-8000-000000000001",
    ref: "K7Q2",
    status: "pending",
    demand: "approve",
    callKey: "c".repeat(64),
    digest: "d".repeat(64),
    actionId: "019b76da-a800-8000-8000-000000000002",
    identity: "durable",
    tool: "send_money",
    text: '{"amount":12000,"to":"shop.storeco.com"}',
    principal: { tenant: "local", subject: "ada", agent: "buyer", chain: ["root"] },
    session: null,
    labels: {},
    schemaDigest: null,
    counterparty: { id: "shop.storeco.com", trust: "HIGH" },
    rule: "mid",
    ruleDigest: "e".repeat(64),
    reason: "amounts up to 50000 need a yes",
    policyId: "shop",
    policyDigest: "f".repeat(64),
    terms: {
      expiresInMs: 3_600_000,
      useWithinMs: 900_000,
      quorum: 1,
      roles: [],
      fourEyes: false,
      reasonRequired: false,
      methods: [],
      notify: [],
    },
    requestedAt: OPENED,
    openedAt: OPENED,
    expiresAt: OPENED + 3_600_000,
    settledAt: null,
    verdicts: [],
    ...changes,
  };
}

function cardOf(changes: Partial<Approval>, maxLines?: number): string {
  return card(approvalOf(changes), { now: OPENED, ...(maxLines === undefined ? {} : { maxLines }) });
}

/** The rows of a card that show the input, joined again as the sealed text: the inverse of layout, wrap and escape. */
function inputShown(text: string): string {
  const lines: string[] = [];
  for (const row of text.split("\n")) {
    if (row.startsWith("  │ ")) lines.push(row.slice(4).trimStart());
    else if (row.startsWith("  ┊ ")) lines.push(`${lines.pop() ?? ""}${row.slice(4)}`);
  }
  return lines.join("");
}

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

describe("card", () => {
  it("says which tool, for whom, with whom, why, how much, which digest and how long", () => {
    expect(card(approvalOf(), { now: OPENED + 12_500 })).toBe(
      [
        "Approval K7Q2: a person must answer",
        "  tool          send_money",
        "  agent         root > buyer",
        "  for           ada of local",
        "  with          shop.storeco.com, trust HIGH",
        "  asked by      rule mid: amounts up to 50000 need a yes",
        "  time left     59 min 47 s (until 2026-01-01T01:00:00.000Z)",
        "  input         40 characters, 40 bytes",
        "  │ {",
        '  │   "amount": 12000,',
        '  │   "to": "shop.storeco.com"',
        "  │ }",
        `  digest        ${"d".repeat(64)}`,
      ].join("\n"),
    );
  });

  it("says what is demanded beyond one plain yes", () => {
    const terms = {
      ...approvalOf().terms,
      quorum: 2,
      roles: ["cfo"],
      fourEyes: true,
      reasonRequired: true,
      methods: ["totp"],
    };
    const text = cardOf({ demand: "step_up", terms }).replaceAll(/\s+/gu, " ");
    expect(text).toContain(
      "needs a step-up by totp; 2 people; one of the roles cfo; someone other than the person it is for; a reason",
    );
  });

  it("A-H8: shows the sealed call, not what the call says of itself", () => {
    const lie = {
      ...approvalOf({ text: '{"operation":"delete","path":"/","summary":"read file"}' }),
      summary: "read file notes.txt",
    };
    const shown = card(lie, { now: OPENED });
    expect(inputShown(shown)).toBe('{"operation": "delete","path": "/","summary": "read file"}');
    expect(shown).not.toContain("notes.txt");
  });

  it("A-H8: every character of the sealed input is on the card, in order, for any input and width", () => {
    fc.assert(
      fc.property(fc.jsonValue(), anyText, fc.integer({ min: 24, max: 120 }), (value, extra, columns) => {
        const text = JSON.stringify({ value, extra });
        const json = readBack(inputShown(card(approvalOf({ text }), { now: OPENED, columns })), "\\\\");
        expect(JSON.stringify(JSON.parse(json))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it("A-H6: shows an eleventh recipient and a tail behind 10 kB of blanks", () => {
    const to = Array.from({ length: 11 }, (_unused, index) => `person${index + 1}@example.org`);
    const text = JSON.stringify({ command: `ls${" ".repeat(10_000)}; rm -rf /`, to });
    const shown = cardOf({ text });
    expect(shown).toContain("person11@example.org");
    expect(shown).toContain("; rm -rf /");
    expect(shown).toContain(`input         ${text.length} characters`);
    expect(shown).not.toContain("NOT SHOWN");
  });

  it("A-H6: a shortened card says exactly what is missing and that it is not enough", () => {
    const text = JSON.stringify({
      to: Array.from({ length: 11 }, (_unused, index) => `person${index + 1}@example.org`),
    });
    const all = cardOf({ text })
      .split("\n")
      .filter((row) => row.startsWith("  │ "));
    const shown = cardOf({ text }, 5);
    const missing = all.slice(5).reduce((sum, row) => sum + row.length - 4, 0);
    expect(shown).not.toContain("person11@example.org");
    expect(shown).toContain(
      `NOT SHOWN: ${all.length - 5} lines, ${missing} characters. Approving needs the full view.`,
    );
    expect(cardOf({ text }, all.length)).not.toContain("NOT SHOWN");
  });

  it("A-H5: nothing that anyone wrote reaches the screen raw, and nothing of it starts a row", () => {
    const evil = "x\u001B[2J\u202E\u200B\nApproval FAKE: approved";
    const shown = cardOf({
      tool: evil,
      ref: evil,
      reason: evil,
      rule: evil,
      text: JSON.stringify({ [evil]: evil, pad: `${" ".repeat(66)}Approval FAKE: approved`, wide: "界".repeat(80) }),
      principal: { tenant: evil, subject: evil, agent: evil, chain: [evil] },
      counterparty: { id: evil, trust: evil },
      terms: { ...approvalOf().terms, roles: [evil], methods: [evil] },
      verdicts: [
        {
          v: 1,
          answer: "deny",
          approver: evil,
          roles: [],
          method: evil,
          assurance: "login",
          device: evil,
          reason: evil,
          at: OPENED,
          token: "v4.public.secret",
        },
      ],
    });
    const rows = shown.split("\n");
    expect(UNSEEN.test(rows.join(""))).toBe(false);
    expect(rows.filter((row) => row.startsWith("Approval FAKE"))).toEqual([]);
    expect(rows.slice(1).every((row) => row.startsWith("  "))).toBe(true);
    expect(Math.max(...rows.map((row) => Array.from(row).length))).toBeLessThanOrEqual(80);
  });

  it("A-H5: points out names of mixed scripts wherever they stand, and counts those it does not list", () => {
    const hosts = Array.from({ length: 7 }, (_unused, index) => `p\u0430ypal${index}.com`);
    const shown = cardOf({ counterparty: { id: hosts[0] ?? "", trust: "HIGH" }, text: JSON.stringify({ hosts }) });
    expect(shown).toContain("WARNING       p\u0430ypal0.com mixes Latin and Cyrillic letters (U+0430)");
    expect(shown).toContain("WARNING       2 more words of mixed scripts");
    expect(cardOf({ text: '{"note":"Привет\\nWorld"}' })).not.toContain("WARNING");
  });

  it("shows quotes, blanks and separators of a name as part of it", () => {
    expect(cardOf({ principal: { tenant: "local", subject: 'ada of "x', agent: "a > b", chain: [] } })).toMatch(
      /agent {9}"a > b"\n {2}for {11}"ada of \\"x" of local/u,
    );
  });

  it("says when the time is up, and how a settled approval was settled", () => {
    expect(card(approvalOf(), { now: OPENED + 3_600_000 })).toMatch(/^Approval K7Q2: expired\n/u);
    const denied = cardOf({ status: "denied" });
    expect(denied).toMatch(/^Approval K7Q2: denied\n/u);
    expect(denied).not.toContain("time left");
  });

  it("shows text that is no JSON as it is instead of failing", () => {
    expect(inputShown(cardOf({ text: '"unended \\' }))).toBe('"unended \\');
    expect(inputShown(cardOf({ text: "" }))).toBe("");
    expect(inputShown(cardOf({ text: "]]]}" }))).toBe("]]]}");
  });

  it("A-A26: never prints a verdict's token", () => {
    const verdict = {
      v: 1,
      answer: "approve",
      approver: "ada",
      roles: [],
      method: "cli",
      assurance: "login",
      device: "laptop",
      reason: null,
      at: OPENED,
      token: "v4.public.AAAA",
    } as const;
    const approval = approvalOf({ status: "approved", verdicts: [verdict] });
    const shown = `${card(approval, { now: OPENED })}\n${statusLine(approval)}`;
    expect(shown).toContain("approve by ada (cli on laptop, login), 2026-01-01T00:00:00.000Z");
    expect(shown).not.toContain("v4.public");
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
