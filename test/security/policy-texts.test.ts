import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PolicyIssue } from "../../core/model/policy.ts";
import { sampleCall } from "../../core/policy/call.fixture.ts";
import { checkPolicy, loadPolicy } from "../../core/policy/index.ts";
import { ISSUE_CODES } from "../../core/policy/issues.ts";
import { positionOf, replaced, slipsOf, type Spot, spotsOf } from "./policy-slips.fixture.ts";
import { WHOLE_BLOCK, WHOLE_FLOW } from "./policy-texts.fixture.ts";

const resolve = (reference: string) => ({ text: "leash: 1\nid: org\n", origin: reference });
const issuesOf = (text: string): readonly PolicyIssue[] => checkPolicy(text, { resolve });

/** Milliseconds of processor time: on a busy machine the clock says little. */
function busyMs(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Ten times what the slowest of these should take. */
const SLOW_MS = 1000;

const MIB = 1_048_576;
const DEEP = 20_000;

/** What may not be read: text, code, line and column of the first issue of the YAML reader. */
const BOMBS: readonly (readonly [string, string, string, number, number])[] = [
  [
    "a billion laughs",
    `leash: 1\na: &a [x, x]\n${"bcdefghij".replaceAll(/./g, (name) => `${name}: &${name} [*a, *a, *a]\n`)}`,
    "yaml_alias",
    2,
    4,
  ],
  ["100,000 aliases", `leash: &a 1\nb: [${"*a,".repeat(100_000)}]`, "yaml_alias", 2, 302],
  ["an anchor alone", "leash: 1\nid: &x shop", "yaml_alias", 2, 5],
  ["an anchor on the whole document", "&x\nleash: 1", "yaml_alias", 1, 1],
  ["a ring of aliases", "leash: 1\ntools: &t { a: *t }", "yaml_alias", 2, 8],
  ["a merge key", "leash: 1\n<<: { default: allow }", "yaml_merge_key", 2, 1],
  ["a merge key in brackets", "{leash: 1, <<: {default: allow}}", "yaml_merge_key", 1, 12],
  ["a merge of an alias", "leash: 1\nx: &x {}\n<<: *x", "yaml_alias", 2, 4],
  ["a tag of the standard", "leash: !!int 1", "yaml_tag", 1, 8],
  ["a tag that runs code elsewhere", "leash: 1\nid: !!js/function 'x'", "yaml_tag", 2, 5],
  ["a tag that says binary", "leash: 1\nid: !!binary c2hvcA==", "yaml_tag", 2, 5],
  ["a tag on a key", "leash: 1\n!!str default: deny", "yaml_tag", 2, 1],
  ["a tag without a name", "leash: 1\nid: ! shop", "yaml_tag", 2, 5],
  ["20,000 open lists", `leash: 1\na: ${"[".repeat(DEEP)}`, "yaml_depth", 2, 66],
  ["20,000 closed lists", `leash: 1\na: ${"[".repeat(DEEP)}${"]".repeat(DEEP)}`, "yaml_depth", 2, 66],
  ["20,000 open maps", `leash: 1\na: ${"{".repeat(DEEP)}`, "yaml_depth", 2, 66],
  ["20,000 maps in maps", `leash: 1\na: ${"{a: ".repeat(DEEP)}`, "yaml_depth", 2, 252],
  ["20,000 dashes", `${"- ".repeat(DEEP)}a`, "yaml_depth", 1, 127],
  ["20,000 question marks", `${"? ".repeat(DEEP)}a`, "yaml_depth", 1, 127],
  ["20,000 colons", `${": ".repeat(DEEP)}a`, "yaml_depth", 1, 127],
  ["a key twice", "leash: 1\ndefault: deny\ndefault: allow", "yaml_duplicate_key", 3, 1],
  ["a key twice, once quoted", "leash: 1\ndefault: deny\n'default': allow", "yaml_duplicate_key", 3, 1],
  ["a key twice, once escaped", 'leash: 1\ndefault: deny\n"d\\x65fault": allow', "yaml_duplicate_key", 3, 1],
  ["a key twice, once in long escapes", 'default: deny\n"\\u0064efaul\\U00000074": allow', "yaml_duplicate_key", 2, 1],
  ["a key twice, once behind ?", "leash: 1\ndefault: deny\n? default\n: allow", "yaml_duplicate_key", 3, 3],
  ["a key twice in brackets", '{leash: 1, default: deny, "default": allow}', "yaml_duplicate_key", 1, 27],
  ["a key twice as JSON", '{"leash":1,"default":"deny","default":"allow"}', "yaml_duplicate_key", 1, 29],
  ["two documents", "leash: 1\ndefault: deny\n---\nleash: 1\ndefault: allow", "yaml_documents", 3, 1],
  ["an empty document and one", "---\n---\nleash: 1", "yaml_documents", 2, 1],
  ["a document and an empty one", "leash: 1\n---\n", "yaml_documents", 2, 1],
  ["250,000 documents", "---\n".repeat(250_000), "yaml_documents", 2, 1],
  ["a document behind the end", "leash: 1\n...\ndefault: allow", "yaml_documents", 3, 1],
  ["a start behind the end", "leash: 1\n...\n--- {default: allow}", "yaml_documents", 3, 1],
  ["a key on the line of ---", "--- leash: 1", "yaml_syntax", 1, 5],
  ["an end within brackets", "{leash: 1,\n...\ndefault: allow}", "yaml_documents", 3, 1],
  ["a start within quotes", 'leash: 1\nid: "a\n--- b"', "yaml_documents", 3, 1],
  ["nothing but a start and an end", "---\n...\n", "yaml_empty", 1, 1],
  ["a byte order mark", "\uFEFFleash: 1", "yaml_bom", 1, 1],
  ["a byte order mark before a key", "leash: 1\n\uFEFFdefault: allow", "yaml_bom", 2, 1],
  ["a version directive", "%YAML 1.2\n---\nleash: 1", "yaml_directive", 1, 1],
  ["a tag directive", "%TAG ! tag:example.com,2000:\n---\nleash: 1", "yaml_directive", 1, 1],
  ["9 MiB", `leash: 1\n#${"x".repeat(9 * MIB)}`, "yaml_size", 1, 1],
  ["9 MiB of lines", `leash: 1\n${`#${"x".repeat(62)}\n`.repeat(9 * (MIB / 64))}`, "yaml_size", 1, 1],
  ["1 MiB in one text", `leash: 1\nid: ${"x".repeat(MIB)}`, "yaml_size", 2, 5],
  ["100,000 empty lines", `leash: 1${"\n".repeat(100_000)}`, "yaml_size", 1001, 1],
  ["carriage returns alone", "leash: 1\rdefault: allow", "yaml_character", 1, 9],
  ["a carriage return that hides a key", "leash: 1\n# a comment\rdefault: allow", "yaml_character", 2, 12],
  ["NUL", "leash: 1\nid: a\0b", "yaml_character", 2, 6],
  ["an escape sequence for terminals", "leash: 1 # \u001B[2J", "yaml_character", 1, 12],
  ["a tab before a key", "leash: 1\ntools:\n\ta: {}", "yaml_syntax", 3, 1],
  ["a tab among spaces", "leash: 1\ntools:\n  a:\n  \tdecision: deny", "yaml_syntax", 4, 3],
  ["a tab behind a dash", "leash: 1\nrules:\n-\tid: a", "yaml_syntax", 3, 2],
];

describe("A-P1: policy texts that are weapons", () => {
  const policy = loadPolicy("leash: 1\ndefault: approve\ntools: { purchase: { decision: allow } }");
  const { action, tool, facts } = sampleCall({ amount_minor: 5 });
  const before = policy.evaluate(action, tool, facts);

  it.each(BOMBS)("A-P1: %s is refused in its place, and the loaded policy still answers", (_what, text, ...place) => {
    let issues: readonly PolicyIssue[] = [];
    const spent = busyMs(() => {
      issues = checkPolicy(text);
    });
    const [code, line, column] = place;
    expect(issues.find((issue) => issue.code.startsWith("yaml_"))).toMatchObject({ code, line, column });
    expect(spent).toBeLessThan(SLOW_MS);
    expect(() => loadPolicy(text)).toThrow(expect.objectContaining({ code: "LEASH_POLICY_INVALID" }));
    expect(policy.evaluate(action, tool, facts)).toEqual(before);
    expect(before.effect).toBe("allow");
  });

  it("A-P1: is not beaten by one document between its marks, with comments around and Windows line ends", () => {
    const text = "# policy\r\n---\r\nleash: 1 # one\r\ndefault: deny\r\n...\r\n# end\r\n";
    expect(checkPolicy(text)).toEqual([]);
    expect(loadPolicy(text).digest).toBe(loadPolicy("leash: 1\ndefault: deny").digest);
  });

  it("A-A13: a policy's own examples are no way in for huge or deep inputs", () => {
    const example = (input: string): string =>
      `{"leash":1,"tests":[{"call":{"tool":"a","input":${input}},"expect":"deny"}]}`;
    expect(issuesOf(example("[1]"))).toEqual([]);
    const deep = example("[".repeat(100_000) + "]".repeat(100_000));
    expect(busyMs(() => expect(issuesOf(deep)).toMatchObject([{ code: "yaml_depth" }]))).toBeLessThan(SLOW_MS);
    const long = example(JSON.stringify("x".repeat(5 * MIB)));
    expect(busyMs(() => expect(issuesOf(long)).toMatchObject([{ code: "yaml_size" }]))).toBeLessThan(SLOW_MS);
  });
});

/** Names that their authors choose, as pointers: nobody can know that one is misspelt. */
const CHOSEN_NAMES =
  /^\/tools\/[^/]+$|^\/channels\/|\/(?:call|expect)\/input\/|\/facts\/probes\/|\/compute\/set\/|\/obligations\/\d+\/params\//;

/** Scalars that are one of a few words. */
const WORDS =
  /\/(?:effect|decision|otherwise|default|over|expect|mode|layer|trust|edit|hard_links|side_effect|min_assurance_level|at)$|\/(?:statements|allow_shell|allowed_schemes)\/\d+$/;

/** Of those, the ones that are read in any case. */
const EFFECTS = /\/(?:effect|decision|otherwise|default|over|expect)$/;

const DURATIONS = /\/(?:expires_in|use_within|escalate_after|ttl|window)$/;
const BAD_DURATIONS = [
  ..."0 -5 1.5 m15 15M 15mm 15x 015m 1h30m P1D 1e3 +15 true [] 999999999d".split(" "),
  "''",
  "'15 m'",
  "' 15m'",
];

/** Pointers of patterns, and what nobody may write there. */
const PATTERNS: readonly (readonly [what: string, at: RegExp, slips: (pattern: string) => readonly string[]])[] = [
  ["actions", /\/action(?:\/\d+)?$/, (one) => [`${one}*`, `*${one}.*`, `${one}.*.x`, `${one}.**`, ` ${one}`, ""]],
  [
    "hosts",
    /\/(?:match|(?:allowed|denied)_hosts\/\d+)$/,
    (one) => [`https://${one}`, `${one}:443`, `${one}/x`, `*${one}`, `${one}.*`, `a@${one}`],
  ],
  ["domains", /\/(?:allowed|blocked)_domains\/\d+$/, (one) => [`https://${one}`, `${one}:443`, `*${one}`, `${one}.*`]],
  ["ranges", /\/deny_ip_ranges\/\d+$/, (one) => [`${one}0`, one.replace("/24", "/8"), `x${one}`]],
  ["paths", /\/(?:allowed|denied)_paths\/\d+$/, (one) => [one.slice(1), `${one}*`, `/..${one}`, `/${one}`, `${one}/`]],
  ["extensions", /\/(?:allow|deny)_extensions\/\d+$/, (one) => [one.slice(1), `*${one}`, `${one}.`, `${one} `]],
  [
    "recipients",
    /\/(?:allowed|denied)_recipients\/\d+$/,
    (one) => [one.replace("@", ""), `*${one}`, `${one},x@y.example`, one.replace("@", "@@")],
  ],
  ["commands", /\/(?:allowed|denied)_commands\/\d+$/, (one) => [`${one};rm`, `${one} `, ` ${one}`, `${one} $(x)`, ""]],
  ["regular expressions", /\/matches$/, (one) => [`(${one}`, `${one}[`, `${one}**`, `(?=${one})`, `(${one})\\1`]],
  [
    "input paths",
    /^\/tools\/[^/]+\/(?:url|path|command|sql|host|cwd|counterparty|money\/amount|recipients\/\d+)$/,
    (one) => [one.replace("input", "inptu"), `${one}.`, one.replace(".", ".."), `${one}[0]`],
  ],
  [
    "conditions",
    /\/rules\/\d+\/when$|\/compute\/set\//,
    (one) => [`inptu.a + ${one}`, `(${one}`, `${one} &&& true`, `${one} +`, `siez(${one})`],
  ],
];

/** Texts that many slips leave as they are, so that one list of places serves all of them. */
const SAMPLES = [
  ["a block policy", WHOLE_BLOCK],
  ["a policy in brackets", WHOLE_FLOW],
] as const;

function expectRefused(text: string, spot: Spot, written: string): PolicyIssue {
  const issues = issuesOf(replaced(text, spot, written));
  const { line, column } = positionOf(text, spot.start);
  const found = issues.find((issue) => issue.line === line && issue.column >= column);
  return found ?? expect.fail(`${written} at ${spot.pointer} is not refused there: ${JSON.stringify(issues)}`);
}

describe("A-P2: slips of the pen", () => {
  it.each(SAMPLES)("%s loads", (_what, text) => {
    expect(issuesOf(text)).toEqual([]);
  });

  it("A-P2: the two samples use the language: of its keys at most a few are missing", () => {
    const schema = readFileSync(new URL("../../core/leash.schema.json", import.meta.url), "utf8");
    const known = new Set<string>();
    JSON.parse(schema, (key, value: unknown) => {
      if (key === "properties" && typeof value === "object" && value !== null)
        Object.keys(value).forEach((one) => known.add(one));
      return value;
    });
    const used = new Set(
      SAMPLES.flatMap(([, text]) => spotsOf(text))
        .filter(({ kind }) => kind === "key")
        .map(({ value }) => value),
    );
    const missing = [...known].filter((key) => !used.has(key));
    expect(known.size).toBeGreaterThan(100);
    expect(missing.length, missing.join(", ")).toBeLessThan(known.size / 10);
  });

  it.each(SAMPLES)("A-P2: every key of %s with one slip is refused in its place, with a hint", (_what, text) => {
    const keys = spotsOf(text).filter(({ kind, pointer }) => kind === "key" && !CHOSEN_NAMES.test(pointer));
    expect(keys.length).toBeGreaterThan(60);
    let slips = 0;
    let exact = 0;
    for (const spot of keys) {
      const key = String(spot.value);
      for (const slip of slipsOf(key)) {
        const found = expectRefused(text, spot, JSON.stringify(slip));
        expect(found, `${slip} for ${key}`).toMatchObject({ code: "unknown_key", ...positionOf(text, spot.start) });
        expect(found.hint, `${slip} for ${key}`).toMatch(/^did you mean `[a-z_]+`\?$/);
        slips += 1;
        if (found.hint?.includes(`\`${key}\``) === true) exact += 1;
      }
    }
    expect(exact / slips).toBeGreaterThan(0.95);
  });

  it("A-A10: A-P2: what every object has is no key of the language", () => {
    for (const key of ["constructor", "toString", "hasOwnProperty", "valueOf"]) {
      const text = `leash: 1\n${key}: x\nrules: [{ id: a, action: a, effect: deny, ${key}: x }]\ntools: { a: { ${key}: x } }`;
      expect(issuesOf(text).map(({ code }) => code)).toEqual(["unknown_key", "unknown_key", "unknown_key"]);
    }
    expect(issuesOf("leash: 1\n__proto__: { mode: observe }")).toMatchObject([
      { code: "yaml_key", line: 2, column: 1 },
    ]);
  });

  it("A-P2: a list of which nothing can be read is an issue, never a crash", () => {
    const lists = SAMPLES.flatMap(([, text]) => spotsOf(text)).flatMap(
      ({ pointer }) => /^\/tools\/[^/]+\/([a-z_]+)\/0$/.exec(pointer)?.[1] ?? [],
    );
    expect(lists.length).toBeGreaterThan(15);
    for (const key of lists) {
      expect(issuesOf(`leash: 1\ntools: { a: { ${key}: [~] } }`), key).not.toEqual([]);
    }
  });

  it.each(SAMPLES)("A-P2: every word of %s that is one of a few is refused with one slip", (_what, text) => {
    const words = spotsOf(text).filter(
      ({ kind, pointer, value }) => kind === "value" && typeof value === "string" && WORDS.test(pointer),
    );
    expect(words.length).toBeGreaterThan(5);
    for (const spot of words) {
      const word = String(spot.value);
      const isEffect = EFFECTS.test(spot.pointer);
      for (const slip of slipsOf(word)) {
        if (isEffect && slip.toLowerCase() === word.toLowerCase()) continue;
        const found = expectRefused(text, spot, JSON.stringify(slip));
        expect(["bad_value", "unsupported"], `${slip} for ${word}`).toContain(found.code);
        expect(found.hint, `${slip} for ${word}`).toBeDefined();
      }
    }
  });

  it.each(SAMPLES)("A-P2: every duration of %s is refused in other forms", (_what, text) => {
    const durations = spotsOf(text).filter(({ kind, pointer }) => kind === "value" && DURATIONS.test(pointer));
    expect(durations.length).toBeGreaterThan(1);
    for (const spot of durations) {
      for (const slip of BAD_DURATIONS) {
        expect(["bad_duration", "yaml_number"], slip).toContain(expectRefused(text, spot, slip).code);
      }
    }
  });

  it.each(PATTERNS)("A-P2: patterns that are none are refused: %s", (_what, at, slipsIn) => {
    let tried = 0;
    for (const [, text] of SAMPLES) {
      for (const spot of spotsOf(text).filter(({ kind, pointer }) => kind === "value" && at.test(pointer))) {
        for (const slip of slipsIn(String(spot.value))) {
          expectRefused(text, spot, JSON.stringify(slip));
          tried += 1;
        }
      }
    }
    expect(tried).toBeGreaterThan(2);
  });
});

describe("A-P1: any text at all", () => {
  const piece = fc.constantFrom(
    ..."- |: |? |[|]|{|}|, |#|&a |*a |!t |<<: |\"|'|\\|\n|\n  |\t|\r|\0|\uFEFF|---\n|...\n|%|>-\n|  |leash: 1\n|rules:\n|1e9|~|\uD800|é|😀".split(
      "|",
    ),
    "|\n",
  );
  const random = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join("")),
  );
  const edit = fc.record({ at: fc.nat(5000), gone: fc.nat(20), written: fc.oneof(piece, fc.string({ maxLength: 5 })) });
  const edited = fc
    .tuple(fc.constantFrom<string>(WHOLE_BLOCK, WHOLE_FLOW), fc.array(edit, { minLength: 1, maxLength: 4 }))
    .map(([sample, edits]) =>
      edits.reduce((text, { at, gone, written }) => {
        const start = at % (text.length + 1);
        return text.slice(0, start) + written + text.slice(start + gone);
      }, sample),
    );

  it("A-P1: is answered quickly with issues that lie within it, or with a policy", () => {
    fc.assert(
      fc.property(fc.oneof(random, edited), (text) => {
        let issues: readonly PolicyIssue[] = [];
        expect(
          busyMs(() => {
            issues = issuesOf(text);
          }),
        ).toBeLessThan(SLOW_MS);
        const lines = text.split("\n");
        for (const { code, line, column } of issues) {
          expect(ISSUE_CODES).toContain(code);
          expect(column).toBeGreaterThanOrEqual(1);
          expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? -1) + 1);
        }
        if (issues.length === 0) expect(loadPolicy(text, { resolve }).id).toBeTypeOf("string");
        else
          expect(() => loadPolicy(text, { resolve })).toThrow(
            expect.objectContaining({ code: "LEASH_POLICY_INVALID" }),
          );
      }),
      { numRuns: 500 },
    );
  });
});
