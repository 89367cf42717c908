import { isNode, lineAt, walk, type Source, type SyntaxNode } from "./source.ts";
import type { TextFile } from "./workspace.ts";

const RUNNERS = new Set(["it", "test", "describe", "suite"]);

/** Never in a commit: they leave tests out, for good or until somebody remembers. */
const FORBIDDEN_MODIFIERS = new Set(["only", "skip", "todo", "fails"]);

/** Leave tests out where a condition says so; the file must print why. */
const CONDITIONAL_MODIFIERS = new Set(["skipIf", "runIf"]);

/**
 * Tests that are left out without a word: `.only`, `.skip` and `.todo`, a skip from inside a test without a note, and
 * `.skipIf` or `.runIf` in a file that prints nothing.
 */
export function checkSkippedTests(sources: readonly Source[]): readonly string[] {
  return sources
    .filter(({ path }) => path.endsWith(".test.ts"))
    .flatMap((source) => {
      const nodes = [...walk(source.program)];
      const prints = nodes.some(([node]) => isPrinting(node));
      return nodes.flatMap(([node]) => {
        const problem = skipProblem(node, prints);
        return problem === undefined ? [] : [`${source.path}:${lineAt(source.text, node.start)}: ${problem}`];
      });
    });
}

function skipProblem(node: SyntaxNode, prints: boolean): string | undefined {
  const silent = isSilentSkip(node);
  if (silent) return "skips without a note that says why";
  if (node.type !== "MemberExpression" || !startsAtRunner(node)) return undefined;
  const modifier = memberName(node);
  if (FORBIDDEN_MODIFIERS.has(modifier)) return `.${modifier} leaves tests out`;
  if (CONDITIONAL_MODIFIERS.has(modifier) && !prints) return `.${modifier} in a file that prints no reason`;
  return undefined;
}

const PRINTS = new Set(["console.log", "console.info", "console.warn", "stdout.write", "stderr.write"]);

/** A call of this file's own, not one in the text of a program that it starts. */
function isPrinting(node: SyntaxNode): boolean {
  const callee = node["callee"];
  if (node.type !== "CallExpression" || !isNode(callee) || callee.type !== "MemberExpression") return false;
  const object = callee["object"];
  if (!isNode(object)) return false;
  const name = object.type === "Identifier" ? String(object["name"]) : memberName(object);
  return PRINTS.has(`${name}.${memberName(callee)}`);
}

/** `context.skip()`, which the runner reports without a reason. */
function isSilentSkip(node: SyntaxNode): boolean {
  if (node.type !== "CallExpression" || !isNode(node["callee"]) || node["callee"].type !== "MemberExpression")
    return false;
  const callee = node["callee"];
  return (
    memberName(callee) === "skip" && !startsAtRunner(callee) && (node["arguments"] as readonly unknown[]).length === 0
  );
}

function memberName(node: SyntaxNode): string {
  return isNode(node["property"]) ? String(node["property"]["name"]) : "";
}

/** True for `it.only`, `describe.concurrent.only` … */
function startsAtRunner(node: SyntaxNode): boolean {
  const object = node["object"];
  if (!isNode(object)) return false;
  return object.type === "Identifier" ? RUNNERS.has(String(object["name"])) : startsAtRunner(object);
}

/** People whose home folders may stand in samples. */
const SAMPLE_PEOPLE = "alice|bob|agent|user";

/** Folders of whoever works on this, as opposed to those of samples and of policies such as `/workspace`. */
const WORKPLACE = new RegExp(
  String.raw`(?<![\w.@*~-])\/(?:work|root|home(?!\/(?:${SAMPLE_PEOPLE})\b)|Users(?!\/(?:${SAMPLE_PEOPLE})\b))(?=[\/"'\x60\s),;:]|$)`,
  "gmu",
);

/** Paths that name the machine or the place this was written at. */
export function checkWorkplace(files: readonly TextFile[]): readonly string[] {
  return files.flatMap(({ path, text }) =>
    [...text.matchAll(WORKPLACE)].map(
      (match) => `${path}:${lineAt(text, match.index)}: names a folder of somebody's machine (${match[0]})`,
    ),
  );
}

/** Written so that it does not find itself. */
const LEFTOVER = /\b(?:TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b/gu;

/** Work that was put off, left in the text. */
export function checkLeftovers(files: readonly TextFile[]): readonly string[] {
  return files.flatMap(({ path, text }) =>
    [...text.matchAll(LEFTOVER)].map((match) => `${path}:${lineAt(text, match.index)}: ${match[0]}`),
  );
}

/** Codes without a row in `docs/errors.md`, and rows without a code. Each row starts with its code: "| `LEASH_DENIED` | …". */
export function checkErrorRows(codes: readonly string[], document: string): readonly string[] {
  const rows = [...document.matchAll(/^\| `(LEASH_[A-Z_]+)` \|(.*)$/gmu)].map(([, code, cells]) => ({
    code: code ?? "",
    full: (cells ?? "").split("|").filter((cell) => cell.trim() !== "").length === 3,
  }));
  const listed = rows.map(({ code }) => code);
  return [
    ...codes.filter((code) => !listed.includes(code)).map((code) => `${code} has no row`),
    ...listed.filter((code) => !codes.includes(code)).map((code) => `${code} has a row and is no code`),
    ...listed.filter((code, index) => listed.indexOf(code) !== index).map((code) => `${code} has two rows`),
    ...rows.filter(({ full }) => !full).map(({ code }) => `${code} lacks what happened, why or what to do`),
  ];
}
