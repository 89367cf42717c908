import { parseSync } from "vite";

/** A reference from one module to another, wherever it stands: `import`, `export … from`, `import()`, `import("x").T`, `require`. */
export interface Reference {
  /** The specifier, or null where it is computed at run time and so cannot be checked. */
  readonly specifier: string | null;
  readonly line: number;
}

/** A function and how many lines it is answerable for; see `measureFunctions`. */
export interface MeasuredFunction {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

/** What the parser gives: an ESTree node with TypeScript's own kinds among them. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [member: string]: unknown;
}

/** A parsed TypeScript file. */
export interface Source {
  /** Relative to the workspace, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly program: SyntaxNode;
  /** Numbers (from 1) of the lines that hold code: neither blank nor comment alone. */
  readonly codeLines: ReadonlySet<number>;
}

/**
 * Parses a TypeScript file.
 * @throws {Error} when the text is not TypeScript, so that no check passes by not having read the file.
 */
export function parseSource(path: string, text: string): Source {
  const { program, comments, errors } = parseSync(path, text, { lang: "ts", sourceType: "module" });
  const [error] = errors;
  if (error !== undefined) throw new Error(`${path} cannot be parsed: ${error.message}`);
  return { path, text, program: program as unknown as SyntaxNode, codeLines: findCodeLines(text, comments) };
}

/** Line number (from 1) of an offset. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line += 1;
  return line;
}

/** By UTF-16 unit, so that a blanked comment keeps its length. */
const NOT_A_LINE_BREAK = /[^\n]/g;

function findCodeLines(text: string, comments: readonly { start: number; end: number }[]): Set<number> {
  let code = text;
  for (const { start, end } of comments) {
    code = code.slice(0, start) + code.slice(start, end).replace(NOT_A_LINE_BREAK, " ") + code.slice(end);
  }
  const lines = code.split("\n").map((line, index) => (line.trim() === "" ? 0 : index + 1));
  return new Set(lines.filter((line) => line > 0));
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}

/** Every node below `node`, itself included, with its parent. */
export function* walk(node: SyntaxNode, parent: SyntaxNode | null = null): Generator<[SyntaxNode, SyntaxNode | null]> {
  yield [node, parent];
  for (const member of Object.values(node)) {
    for (const child of Array.isArray(member) ? (member as readonly unknown[]) : [member]) {
      if (isNode(child)) yield* walk(child, node);
    }
  }
}

const REFERENCE_MEMBER: Readonly<Record<string, string>> = {
  ImportDeclaration: "source",
  ExportNamedDeclaration: "source",
  ExportAllDeclaration: "source",
  ImportExpression: "source",
  TSImportType: "source",
  TSExternalModuleReference: "expression",
};

/** All references of a file, also those inside functions and types, and none that stands in a comment or a string. */
export function findReferences(source: Source): readonly Reference[] {
  const references: Reference[] = [];
  for (const [node] of walk(source.program)) {
    const specifier = specifierNode(node);
    if (specifier !== undefined) {
      references.push({ specifier: literalText(specifier), line: lineAt(source.text, node.start) });
    }
  }
  return references;
}

function specifierNode(node: SyntaxNode): SyntaxNode | undefined {
  const member = REFERENCE_MEMBER[node.type];
  if (member !== undefined) return isNode(node[member]) ? node[member] : undefined;
  if (node.type !== "CallExpression" || !isNode(node["callee"])) return undefined;
  const callee = node["callee"];
  const requires = callee.type === "Identifier" && callee["name"] === "require";
  const [first] = node["arguments"] as readonly unknown[];
  return requires && isNode(first) ? first : undefined;
}

function literalText(node: SyntaxNode): string | null {
  if (node.type === "Literal" && typeof node["value"] === "string") return node["value"];
  if (node.type !== "TemplateLiteral" || (node["expressions"] as readonly unknown[]).length > 0) return null;
  const [quasi] = node["quasis"] as readonly { readonly value: { readonly cooked: string | null } }[];
  return quasi?.value.cooked ?? null;
}

const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);

/** The member of a parent that gives a function expression its name. */
const NAMING_MEMBER: Readonly<Record<string, readonly [value: string, name: string]>> = {
  VariableDeclarator: ["init", "id"],
  Property: ["value", "key"],
  MethodDefinition: ["value", "key"],
  PropertyDefinition: ["value", "key"],
  AssignmentExpression: ["right", "left"],
};

/**
 * Measures every function of a file in lines of code, its head and its closing brace included.
 *
 * A named function inside another (a declaration, a method, a function held by a variable or a member) answers for its own
 * lines and costs the outer one a single line. So a function that returns an object of methods is measured like the class it
 * stands for. An unnamed callback belongs to the function it is written in and counts there as well.
 */
export function measureFunctions(source: Source): readonly MeasuredFunction[] {
  const measured: MeasuredFunction[] = [];
  for (const [node, parent] of walk(source.program)) {
    if (!FUNCTIONS.has(node.type) || !isNode(node["body"])) continue;
    const own = codeLinesOf(source, node);
    for (const inner of outermostNamed(node)) {
      for (const line of linesOf(source, inner).slice(1)) own.delete(line);
    }
    measured.push({
      name: nameOf(node, parent) ?? "(callback)",
      line: lineAt(source.text, node.start),
      lines: own.size,
    });
  }
  return measured;
}

function linesOf(source: Source, node: SyntaxNode): readonly number[] {
  const first = lineAt(source.text, node.start);
  const last = lineAt(source.text, node.end);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function codeLinesOf(source: Source, node: SyntaxNode): Set<number> {
  return new Set(linesOf(source, node).filter((line) => source.codeLines.has(line)));
}

function* outermostNamed(node: SyntaxNode): Generator<SyntaxNode> {
  for (const member of Object.values(node)) {
    for (const child of Array.isArray(member) ? (member as readonly unknown[]) : [member]) {
      if (!isNode(child)) continue;
      if (FUNCTIONS.has(child.type) && nameOf(child, node) !== undefined) yield child;
      else yield* outermostNamed(child);
    }
  }
}

function nameOf(node: SyntaxNode, parent: SyntaxNode | null): string | undefined {
  if (isNode(node["id"])) return String(node["id"]["name"]);
  const naming = parent === null ? undefined : NAMING_MEMBER[parent.type];
  if (parent === null || naming === undefined || parent[naming[0]] !== node) return undefined;
  const name = parent[naming[1]];
  if (!isNode(name)) return undefined;
  return String(name["name"] ?? name["value"] ?? (isNode(name["property"]) ? name["property"]["name"] : "(computed)"));
}
