import { posix } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Probes } from "../../core/policy/guards/guard.ts";
import { moneyGuard, moneyOf, moneyStatement } from "../../core/policy/guards/money.ts";
import { pathGuard } from "../../core/policy/guards/paths.ts";
import { recipientGuard } from "../../core/policy/guards/recipients.ts";
import { sqlGuard } from "../../core/policy/guards/sql.ts";
import { DISGUISED, HONEST } from "../security/sql.table.ts";

/** Links of a small file system: each name is one wherever it stands. */
const LINKS: ReadonlyMap<string, string> = new Map([
  ["out", "/etc"],
  ["in", "/workspace/src"],
  ["up", "/"],
]);

/** Where a path leads. */
function follow(path: string): string {
  let real: string[] = [];
  const open = path.split("/").toReversed();
  while (open.length > 0) {
    const name = open.pop() ?? "";
    const link = LINKS.get(name);
    if (name === "..") real.pop();
    else if (link !== undefined) real = link.split("/").filter((part) => part !== "");
    else if (name !== "" && name !== ".") real.push(name);
  }
  return `/${real.join("/")}`;
}

function probes(path: string): Probes {
  return {
    "self:places": { folders: ["/home/agent/leash"], ports: [], home: "/home/agent" },
    [`realpath:${path}`]: { path: follow(path), kind: "folder", links: 1 },
  };
}

const guard = pathGuard({
  allowedPaths: ["/workspace/**", "~/notes/**"],
  deniedPaths: ["/**/secret/**"],
  denyExtensions: [".env"],
});
const judge = (path: string): "passes" | "outside" | "forbidden" =>
  guard.check({ path }, probes(path))?.kind ?? "passes";

const segment = fc.constantFrom(
  "workspace",
  "src",
  "secret",
  "a",
  "b.env",
  "home",
  "agent",
  "notes",
  "etc",
  "out",
  "in",
  "up",
  "..",
  ".",
);
const path = fc.array(segment, { minLength: 1, maxLength: 8 }).map((segments) => `/${segments.join("/")}`);
const start = fc.constantFrom("/workspace", "/workspace/src", "/home/agent/notes", "");

describe("paths", () => {
  it.each([
    ["./", "/./"],
    ["//", "//"],
    ["x/../", "/x/../"],
    ["workspace/../", "/workspace/../"],
  ])("A-A17: %s put in anywhere never turns a refusal into a pass, nor the reverse", (_, inserted) => {
    const reached = new Set<string>();
    fc.assert(
      fc.property(start, path, fc.nat(), (first, rest, place) => {
        const plain = first + rest;
        const slashes = [...plain.matchAll(/\//g)].map(({ index }) => index);
        const at = slashes[place % slashes.length] ?? 0;
        const odd = plain.slice(0, at) + inserted + plain.slice(at + 1);
        reached.add(judge(plain));
        expect(judge(odd), odd).toBe(judge(plain));
      }),
      { numRuns: 2000 },
    );
    expect([...reached].sort()).toEqual(["forbidden", "outside", "passes"]);
  });

  it("A-A17: whatever passes is, as written and as it leads, below an allowed folder and in no denied one", () => {
    fc.assert(
      fc.property(start, path, (first, rest) => {
        if (judge(first + rest) !== "passes") return;
        for (const form of [follow(first + rest), new URL(`file://${first}${rest}`).pathname.replace(/\/+$/, "")]) {
          expect(`${form}/`).toMatch(/^\/(?:workspace|home\/agent\/notes)\//);
          expect(`${form}/`).not.toContain("/secret/");
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("A-A17: whatever text passes while the file system lies has one plain reading, and that is inside", () => {
    const odd = fc.constantFrom(
      "..",
      ".",
      "/",
      "//",
      "workspace",
      "a",
      " ",
      "%2e",
      "\\",
      "\u0000",
      "~",
      "\uff0f",
      "\u2024",
      ":",
      "etc",
    );
    const text = fc.oneof(
      fc.array(odd, { maxLength: 10 }).map((parts) => `/workspace/${parts.join("")}`),
      fc.array(odd, { maxLength: 10 }).map((parts) => parts.join("")),
      fc.string({ unit: "binary", maxLength: 8 }).map((name) => `/workspace/${name}`),
    );
    let passed = 0;
    fc.assert(
      fc.property(text, (written) => {
        const lie = { ...probes("/"), [`realpath:${written}`]: { path: "/workspace/a", kind: "file", links: 1 } };
        if (guard.check({ path: written }, lie) !== undefined) return;
        passed += 1;
        expect(`${posix.normalize(written)}/`).toMatch(/^\/workspace\//);
        // oxlint-disable-next-line no-control-regex
        expect(written).not.toMatch(/[\\%\u0000-\u001f\u007f-\u009f\uff0f\u2024]/);
      }),
      { numRuns: 2000 },
    );
    expect(passed).toBeGreaterThan(100);
  });
});

describe("recipients", () => {
  const own = recipientGuard({ allowedRecipients: ["*@example.com"] });
  const local = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
  const inside = local.map((name) => `${name}@example.com`);
  const beyond = fc.tuple(local, local).map(([name, domain]) => `${name}@${domain}.org`);

  it("one who is not allowed is never carried by others, wherever in whichever list", () => {
    fc.assert(
      fc.property(
        fc.array(inside, { maxLength: 5 }),
        beyond,
        fc.nat(5),
        fc.constantFrom(",", ";", ", "),
        (all, other, at, between) => {
          const people = all.toSpliced(at, 0, other);
          for (const to of [people, people.join(between)]) {
            expect(own.check({ to }, {})?.kind).toBe("outside");
            expect(own.check({ to: "ann@example.com", bcc: to }, {})?.kind).toBe("outside");
          }
          if (all.length > 0) expect(own.check({ to: all.join(between) }, {})).toBeUndefined();
        },
      ),
    );
  });

  it("any text that passes holds no other address", () => {
    const piece = fc.constantFrom(
      "ann",
      "@",
      "example.com",
      "evil.com",
      " ",
      ",",
      ";",
      "<",
      ">",
      '"',
      "(",
      ")",
      "\\",
      "%",
      ":",
      "\r\n",
      "\u200b",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const to = pieces.join("");
        if (own.check({ to }, {}) !== undefined) return;
        for (const each of to.split(/[,;]/)) expect(each.trim()).toMatch(/^(?:[^@]*<)?[a-z.]+@example\.com>?$/);
      }),
      { numRuns: 5000 },
    );
  });
});

describe("SQL", () => {
  const readOnly = sqlGuard({ statements: ["select"] });
  const bad = DISGUISED.map(([, sql]) => sql);
  const refused = fc.constantFrom(...bad);
  const honest = fc.constantFrom(...HONEST);

  it("blanks and plain comments around a statement change nothing", () => {
    const around = fc.constantFrom("", " ", "\n", "\t", "/* x */", "/* ' */ ", "-- ' ;\n", "\r\n");
    fc.assert(
      fc.property(around, refused, honest, around, (before, harmful, good, after) => {
        // A quote in what follows could end a text that did not end.
        expect(readOnly.check({ query: `${before}${harmful}${after.replace("'", "")}` }, {})).toBeDefined();
        expect(readOnly.check({ query: `${before}${good}\n${after}` }, {})).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  it("a second statement never passes, behind whichever first", () => {
    fc.assert(
      fc.property(honest, honest, fc.constantFrom(";", " ;\n", "; -- x\n"), (one, other, between) => {
        expect(readOnly.check({ query: one.replace(/;$/, "") + "\n" + between + other }, {})?.kind).toBe("forbidden");
      }),
    );
  });

  it("a statement that is refused stays so as a part of a query", () => {
    fc.assert(
      fc.property(fc.constantFrom(...bad.filter((sql) => /^(?:SELECT|WITH)\b/i.test(sql))), (sql) => {
        expect(readOnly.check({ query: `SELECT * FROM (\n${sql}\n) x` }, {})).toBeDefined();
        expect(readOnly.check({ query: `WITH x AS (\n${sql}\n) SELECT 1` }, {})).toBeDefined();
      }),
      { numRuns: 500 },
    );
  });
});

describe("money", () => {
  it("A-A15: conditions see money exactly where the guard lets the call pass", () => {
    const statement = moneyStatement({ currencies: ["USD"], min: 1, max: 1000 });
    const input = fc.record({
      amount_minor: fc.oneof(fc.jsonValue(), fc.integer({ min: -5, max: 1010 }), fc.double({ min: -2, max: 2 })),
      currency: fc.oneof(fc.constantFrom("USD", "usd", "EUR", ""), fc.jsonValue()),
    });
    fc.assert(
      fc.property(input, (value) => {
        const call = JSON.parse(JSON.stringify(value));
        const money = moneyOf(statement, call);
        expect(money === null).toBe(moneyGuard(statement).check(call, {}) !== undefined);
        if (money === null) return;
        expect(money).toEqual({ amount: call.amount_minor, currency: "USD" });
        expect(money.amount).toBeGreaterThanOrEqual(1);
        expect(money.amount).toBeLessThanOrEqual(1000);
      }),
      { numRuns: 2000 },
    );
  });
});
