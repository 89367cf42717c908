import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Approval } from "../model/approval.ts";
import { sampleApproval } from "../testing/sample-approval.ts";
import { card, statusLine } from "./display.ts";

const OPENED = sampleApproval().openedAt;

function cardOf(changes: Partial<Approval>, maxLines?: number): string {
  return card(sampleApproval(changes), { now: OPENED, ...(maxLines === undefined ? {} : { maxLines }) });
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

/** Undoes the escapes of a JSON text, whose doubled backslashes are its own. */
function unescape(shown: string): string {
  return shown.replace(/\\\\|\\u\{([0-9A-F]+)\}/gu, (escape, code: string | undefined) =>
    code === undefined ? escape : String.fromCodePoint(Number.parseInt(code, 16)),
  );
}

const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Bidi_Control}]|(?! )\p{Zs}|(?!\uFE0F)\p{Default_Ignorable_Code_Point}/u;

describe("card", () => {
  it("says which tool, for whom, with whom, why, how much, which digest and how long", () => {
    const principal = { tenant: "acme", subject: "ada", agent: "buyer", chain: ["root"] };
    expect(card(sampleApproval({ principal }), { now: OPENED + 12_500 })).toBe(
      [
        "Approval K7Q2: a person must answer",
        "  tool          send_money",
        "  agent         root > buyer",
        "  for           ada of acme",
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

  it("takes a screen that does not know its width for one of 80 columns", () => {
    expect(card(sampleApproval(), { now: OPENED, columns: 0 })).toBe(
      card(sampleApproval(), { now: OPENED, columns: 80 }),
    );
  });

  it("says what is demanded beyond one plain yes", () => {
    const terms = {
      ...sampleApproval().terms,
      quorum: 2,
      roles: ["cfo"],
      fourEyes: true,
      reasonRequired: true,
      methods: ["totp"],
    };
    const text = cardOf({ demand: "step_up", terms }).replaceAll(/\s+/gu, " ");
    expect(text).toContain(
      "needs a step-up by totp; 2 people (0 of 2 said yes); one of the roles cfo; someone who neither asked for it nor edited it; a reason",
    );
  });

  it("says what a yes may cover beyond the call, and nothing where it cannot", () => {
    const again = { uses: 20, forMs: 28_800_000, vary: [["text"], ["to", "name\u202e"]], session: true };
    const terms = { ...sampleApproval().terms, again };
    const text = cardOf({ session: "s1", terms }).replaceAll(/\s+/gu, " ");
    expect(text).toContain("may permit up to 20 calls like it within 8 h, in this session; input.text, ");
    expect(text).not.toContain("\u202e");
    expect(cardOf({ session: null, terms })).not.toContain("may permit");
    const bare = { ...again, vary: [], session: false };
    const anywhere = cardOf({ session: null, terms: { ...terms, again: bare } }).replaceAll(/\s+/gu, " ");
    expect(anywhere).toContain("within 8 h; nothing may differ");
  });

  it.each([true, false])("says who edited the call, and whether their own yes counts: %s", (self) => {
    const person = { roles: [], method: "page", assurance: "login", device: null, reason: "only to Ann" } as const;
    const link = { predecessor: "approval-1", proposedDigest: "a".repeat(64), self, token: "" };
    const text = cardOf({ edit: { v: 1, editor: "mira", ...person, at: OPENED, ...link } }).replaceAll(/\s+/gu, " ");
    expect(text).toContain(`edited by mira (page, login), ${new Date(OPENED).toISOString()}: "only to Ann"`);
    expect(text.includes("needs someone other than the editor")).toBe(!self);
  });

  it("A-H8: shows the sealed call, not what the call says of itself", () => {
    const lie = {
      ...sampleApproval({ text: '{"operation":"delete","path":"/","summary":"read file"}' }),
      summary: "read file notes.txt",
    };
    const shown = card(lie, { now: OPENED });
    expect(inputShown(shown)).toBe('{"operation": "delete","path": "/","summary": "read file"}');
    expect(shown).not.toContain("notes.txt");
  });

  it("A-H8: every character of the sealed input is on the card, in order, for any input and width", () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.string({ unit: "binary" }),
        fc.integer({ min: 24, max: 120 }),
        (value, extra, columns) => {
          const text = JSON.stringify({ value, extra });
          const json = unescape(inputShown(card(sampleApproval({ text }), { now: OPENED, columns })));
          expect(JSON.stringify(JSON.parse(json))).toBe(text);
        },
      ),
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
      terms: { ...sampleApproval().terms, roles: [evil], methods: [evil] },
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
    const wide = (row: string) => row.length + (row.match(/[^\0-\x7E]/gu)?.length ?? 0);
    expect(Math.max(...rows.map(wide))).toBeLessThanOrEqual(80);
  });

  it("A-H5: points out names of mixed scripts wherever they stand, and counts those it does not list", () => {
    const hosts = Array.from({ length: 7 }, (_unused, index) => `p\u0430ypal${index}.com`);
    const shown = cardOf({ counterparty: { id: hosts[0] ?? "", trust: "HIGH" }, text: JSON.stringify({ hosts }) });
    expect(shown).toContain("WARNING       p\u0430ypal0.com mixes Latin and Cyrillic letters (U+0430)");
    expect(shown).toContain("WARNING       2 more words of mixed scripts");
    expect(cardOf({ text: '{"note":"Привет\\nWorld"}' })).not.toContain("WARNING");
  });

  it("shows quotes, blanks and separators of a name as part of it", () => {
    expect(cardOf({ principal: { tenant: "default", subject: 'ada of "x', agent: "a > b", chain: [] } })).toMatch(
      /agent {9}"a > b"\n {2}for {11}"ada of \\"x" of default/u,
    );
  });

  it("says when the time is up, and how a settled approval was settled", () => {
    expect(card(sampleApproval(), { now: OPENED + 3_600_000 })).toMatch(/^Approval K7Q2: expired\n/u);
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
    const approval = sampleApproval({ status: "approved", verdicts: [verdict] });
    const shown = `${card(approval, { now: OPENED })}\n${statusLine(approval)}`;
    expect(shown).toContain("approve by ada (cli on laptop, login), 2026-01-01T00:00:00.000Z");
    expect(shown).not.toContain("v4.public");
  });
});
