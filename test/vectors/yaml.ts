import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { canonicalText } from "../../core/canonical.ts";
import type { PolicyIssue } from "../../core/model/policy.ts";
import { checkPolicy } from "../../core/policy/index.ts";
import { createIssueList } from "../../core/policy/issues.ts";
import { type Located, toJson } from "../../core/policy/located.ts";
import { readYaml } from "../../core/policy/yaml.ts";
import { expectThat, readText, skip, type Outcome, type VectorSuite } from "./suite.ts";

/** One test of the suite. A later test of a file has of the one before it what it does not say itself, `fail` apart. */
interface YamlVector {
  readonly yaml: string;
  readonly json?: string | null;
  readonly fail?: boolean;
}

/** Why a valid text is no policy text, by the code of the first issue. A refusal with another code is a failure. */
const REFUSED_BY_DESIGN: Readonly<Record<string, string>> = {
  yaml_alias: "anchors and aliases are not used in policies",
  yaml_bom: "a byte order mark",
  yaml_directive: "directives are not used in policies",
  yaml_documents: "more than one document",
  yaml_empty: "no document",
  yaml_key: "a key that is no text",
  yaml_number: "a number that is not whole or not plainly written",
  yaml_tag: "tags are not used in policies",
};

/** The two valid texts that are refused as if their syntax were wrong. */
const ROOT_BLOCK_SCALARS: ReadonlySet<string> = new Set(["DK3J-0", "FP8R-0"]);
const ROOT_BLOCK_SCALAR = "a block scalar that is the whole document and not indented: a policy is a block of keys";

/** https://github.com/yaml/yaml-test-suite: what is invalid must be refused, and what is read must be what the suite says. */
export const yamlReading: VectorSuite = {
  name: "YAML 1.2",
  passesAtLeast: 282,
  run: (folder) =>
    readdirSync(join(folder, "yaml-test-suite"))
      .filter((file) => file.endsWith(".yaml"))
      .sort()
      .flatMap((file) => readVectors(folder, file).map((vector, at) => check(`${file.slice(0, 4)}-${at}`, vector))),
};

function readVectors(folder: string, file: string): readonly YamlVector[] {
  const written = parse(readText(folder, "yaml-test-suite", file)) as readonly YamlVector[];
  let before: Partial<YamlVector> = {};
  return written.map((own) => {
    const vector = { ...before, ...own, fail: own.fail === true };
    before = vector;
    return vector;
  });
}

function check(name: string, { yaml, json, fail }: YamlVector): Outcome {
  const text = unescape(yaml);
  const { node, issues } = read(text);
  const refusal = issues[0]?.code ?? (node === undefined ? "nothing" : undefined);
  if (fail === true) return expectThat(`${name} is refused`, () => refusal !== undefined && isRefusedInPlace(text));
  if (refusal !== undefined) {
    const isRootScalar = refusal === "yaml_syntax" && ROOT_BLOCK_SCALARS.has(name);
    const reason = isRootScalar ? ROOT_BLOCK_SCALAR : REFUSED_BY_DESIGN[refusal];
    return reason === undefined
      ? expectThat(`${name} is refused with ${refusal}`, () => false)
      : skip(name, "by design", reason);
  }
  if (typeof json !== "string")
    return skip(name, "not applicable", "the suite does not say what the text means as JSON");
  return expectThat(name, () => node !== undefined && canonicalText(toJson(node)) === canonicalText(JSON.parse(json)));
}

interface Read {
  readonly node: Located | undefined;
  readonly issues: readonly PolicyIssue[];
}

function read(text: string): Read {
  const issues = createIssueList(text);
  const node = readYaml(text, issues.report);
  return { node, issues: issues.list() };
}

/** A policy's author must see what is no YAML, and where: each issue has a place within the text. */
function isRefusedInPlace(text: string): boolean {
  const lines = text.split("\n");
  const issues = checkPolicy(text);
  const isInPlace = ({ line, column }: PolicyIssue): boolean => {
    const length = lines[line - 1]?.length ?? -1;
    return column >= 1 && column <= length + 1;
  };
  return issues.some(({ code }) => code.startsWith("yaml_")) && issues.every(isInPlace);
}

/** The suite writes what cannot be seen with visible characters. */
function unescape(text: string): string {
  return text
    .replaceAll("␣", " ")
    .replaceAll(/—*»/g, "\t")
    .replaceAll("⇔", "\uFEFF")
    .replaceAll("↵", "")
    .replaceAll("←", "\r")
    .replace(/∎\n$/, "");
}
