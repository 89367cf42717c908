import { describe, expect, it } from "vitest";
import { isHarmlessAwk, isHarmlessJq, isHarmlessSed } from "./scripts.ts";

describe("sed scripts", () => {
  it.each([
    "p",
    "5p",
    "1,120p",
    "$d",
    "/^a/,/b$/p",
    "/a/I,+3!d",
    "0~4p",
    "2q",
    "2q5",
    "=",
    "s/a/b/",
    "s/a/b/gpI2",
    "s|a/b|c\\|d|",
    "s/[a]x/y/",
    "s/[^]a]/b/",
    "s/[[:alpha:]]/x/g",
    "s/a\\/b/c/",
    "y/abc/xyz/",
    "/a/{p;d}",
    "/a/{\n  s/b/c/\n  p\n}",
    "1d;$d",
    ":a;N;$!ba;s/\\n/ /g",
    "/a/!d",
    "n;d",
    "",
  ])("%j only prints", (script) => {
    expect(isHarmlessSed(script)).toBe(true);
  });

  it.each([
    "e",
    "1e id",
    "$!{e\n}",
    "w x",
    "/a/w x",
    "W x",
    "r x",
    "R x",
    "s/a/b/e",
    "s/a/b/ge",
    "s/a/b/w x",
    "s/a/b/pw x",
    "p;e id",
    "p\ne id",
    "p}e id",
    "{p;e id}",
    "{p",
    "p}",
    "s/a/b",
    "s/a",
    "/a",
    "s/[/]/e id/",
    "/[/]e id/p",
    // Where a bracket hides the delimiter, this writes a file.
    "s/[/]/g;s/w out/x/",
    "s/[[.a.]]/b/",
    "s\na\nb\n",
    "sxaxbx",
    "a x",
    "i\\x",
    "c x",
    "p # e",
    "1,p",
    "px",
    "1ee",
    "p".repeat(5000),
  ])("%j may do more", (script) => {
    expect(isHarmlessSed(script)).toBe(false);
  });
});

describe("awk programs", () => {
  it.each(["{print $1}", "NR==1", "{s+=$1} END {print s}", '{printf "%s ", $1}', "!/a/ {print}"])(
    "%j only prints",
    (program) => {
      expect(isHarmlessAwk(program)).toBe(true);
    },
  );

  it.each([
    'BEGIN{system("id")}',
    'BEGIN{"id"|getline}',
    '{print|"sh"}',
    '{print>"x"}',
    '{print>>"x"}',
    'BEGIN{getline<"x"}',
    "BEGIN{getline}",
    'BEGIN{f="system";@f("id")}',
    '@load "x"',
    "BEGIN{print ENVIRON[1]}",
    "BEGIN{ARGV[1]=1}",
    'BEGIN{"\\x69d"}',
    'BEGIN{print |& "x"}',
    "{print}".repeat(1000),
  ])("%j may do more", (program) => {
    expect(isHarmlessAwk(program)).toBe(false);
  });
});

describe("jq filters", () => {
  it.each([".", ".a.b[0]", ".environment", '.[] | select(.a == "b")', "{a: .b}", ".env_name", "keys | length"])(
    "%j only computes",
    (filter) => {
      expect(isHarmlessJq(filter)).toBe(true);
    },
  );

  it.each([
    "env",
    "env.HOME",
    "$ENV",
    "$ ENV.x",
    "[env]",
    '"\\(env)"',
    "$__prog_args",
    'import "a" as b; .',
    'include "a"; .',
  ])("%j may read more", (filter) => {
    expect(isHarmlessJq(filter)).toBe(false);
  });
});
