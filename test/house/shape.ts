import { isNode, lineAt, measureFunctions, walk, type Source, type SyntaxNode } from "./source.ts";

/** Lines of code, comments and blank lines not counted. */
export const MOST_FILE_LINES = 250;
/** A test file is a list of cases: each is read by itself. */
export const MOST_TEST_LINES = 400;
export const MOST_ADAPTER_LINES = 150;
export const MOST_FUNCTION_LINES = 40;

/** Packages that only translate between a framework and core. */
export const ADAPTERS: readonly string[] = [
  "packages/langchain",
  "packages/llamaindex",
  "packages/openai",
  "packages/hello",
];

const isData = (path: string): boolean => path.endsWith(".table.ts");
const isUnitTest = (path: string): boolean => path.endsWith(".test.ts");

function mostLines(path: string): number {
  if (isUnitTest(path)) return MOST_TEST_LINES;
  return ADAPTERS.some((folder) => path.startsWith(`${folder}/`)) ? MOST_ADAPTER_LINES : MOST_FILE_LINES;
}

/** Files too long to be read standing. */
export function checkFileSizes(sources: readonly Source[]): readonly string[] {
  return sources.flatMap(({ path, codeLines }) => {
    const most = mostLines(path);
    if (isData(path) || codeLines.size <= most) return [];
    return [`${path}: ${codeLines.size} lines of code, at most ${most}`];
  });
}

/** Functions too long to be understood at once; see `measureFunctions` for what counts. Tests may be as long as their story. */
export function checkFunctionSizes(sources: readonly Source[]): readonly string[] {
  return sources
    .filter(({ path }) => !isUnitTest(path) && !isData(path))
    .flatMap((source) =>
      measureFunctions(source)
        .filter(({ lines }) => lines > MOST_FUNCTION_LINES)
        .map(
          ({ name, line, lines }) =>
            `${source.path}:${line}: ${name} has ${lines} lines, at most ${MOST_FUNCTION_LINES}`,
        ),
    );
}

/** `export default`, also under another spelling, in what is published. */
export function checkNamedExports(sources: readonly Source[]): readonly string[] {
  return sources
    .filter(({ path }) => path.startsWith("core/") || path.startsWith("packages/"))
    .flatMap((source) => findNodes(source, isDefaultExport, "a default export; export it by its name"));
}

function isDefaultExport(node: SyntaxNode): boolean {
  if (node.type === "ExportDefaultDeclaration") return true;
  return node.type === "ExportSpecifier" && isNode(node["exported"]) && node["exported"]["name"] === "default";
}

/** The type `any`, everywhere: `unknown` says the same and is checked. */
export function checkAny(sources: readonly Source[]): readonly string[] {
  return sources.flatMap((source) => findNodes(source, ({ type }) => type === "TSAnyKeyword", "the type any"));
}

/** `!` in what is not a test: it says that a check is not needed, and nothing says why. */
export function checkHonestTypes(sources: readonly Source[]): readonly string[] {
  return sources
    .filter(({ path }) => !isUnitTest(path))
    .flatMap((source) =>
      findNodes(source, ({ type }) => type === "TSNonNullExpression", "a non-null assertion; check it"),
    );
}

function findNodes(source: Source, matches: (node: SyntaxNode) => boolean, problem: string): readonly string[] {
  const findings: string[] = [];
  for (const [node] of walk(source.program)) {
    if (matches(node)) findings.push(`${source.path}:${lineAt(source.text, node.start)}: ${problem}`);
  }
  return findings;
}
