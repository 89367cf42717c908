/** A fenced block of a Markdown document. */
export interface Snippet {
  /** The fence's language, lower case; empty where it names none. */
  readonly language: string;
  readonly text: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  /** Where the text comes from, as stated right before the fence: a file of `SOURCES`, and a region in it. */
  readonly source: { readonly path: string; readonly region: string | null } | null;
}

const MARKER = /^\s*<!-- snippet: (\S+?)(?:#(\S+))? -->\s*$/u;
const FENCE = /^(\s*)(`{3,}|~{3,})\s*([\w+-]*)/u;

/** All fenced blocks of a document, each with the marker that stands before it (blank lines may stand between). */
export function findSnippets(markdown: string): readonly Snippet[] {
  const lines = markdown.split("\n");
  const snippets: Snippet[] = [];
  let source: Snippet["source"] = null;
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    const [, path, region] = MARKER.exec(line) ?? [];
    const [, indent, fence, language] = FENCE.exec(line) ?? [];
    if (path !== undefined) source = { path, region: region ?? null };
    if (fence !== undefined) {
      const length = lines.slice(index + 1).findIndex((text) => closes(text, fence));
      const end = length === -1 ? lines.length : index + 1 + length;
      const body = lines.slice(index + 1, end).map((text) => text.replace(indent ?? "", ""));
      snippets.push({ language: (language ?? "").toLowerCase(), text: body.join("\n"), line: index + 1, source });
      index = end;
    }
    if (path === undefined && line.trim() !== "") source = null;
  }
  return snippets;
}

function closes(line: string, fence: string): boolean {
  const text = line.trim();
  return text.startsWith(fence) && text.replaceAll(fence[0] ?? "", "") === "";
}

/** Markers that no fence follows, by their lines: somebody moved the snippet and left its source behind. */
export function findLooseMarkers(markdown: string): readonly number[] {
  const lines = markdown.split("\n");
  return lines.flatMap((line, index) => {
    if (!MARKER.test(line)) return [];
    const next = lines.slice(index + 1).find((text) => text.trim() !== "");
    return next !== undefined && FENCE.test(next) ? [] : [index + 1];
  });
}

/**
 * The text between `// #region name` and the next `// #endregion` (in YAML `# #region name`), moved to the left margin.
 * Undefined where the file has no such region, or more than one.
 */
export function readRegion(file: string, name: string): string | undefined {
  const lines = file.split("\n");
  const isStart = (line: string): boolean => line.trim().replace(/^(?:\/\/|#) /u, "") === `#region ${name}`;
  const start = lines.findIndex(isStart);
  const length = lines.slice(start + 1).findIndex((line) => /^\s*(?:\/\/|#) #endregion\b/u.test(line));
  if (start === -1 || length === -1 || lines.filter(isStart).length > 1) return undefined;
  const body = lines.slice(start + 1, start + 1 + length);
  const margin = Math.min(...body.filter((line) => line.trim() !== "").map((line) => line.search(/\S/u)));
  return body.map((line) => line.slice(margin)).join("\n");
}

/** Where snippets may come from: the examples, and the template of an adapter, which is there to be read and copied. */
const SOURCES: readonly string[] = ["examples/", "packages/hello/"];

/** Languages whose snippets must be compiled files. */
const COMPILED = new Set(["ts", "tsx", "mts", "typescript"]);

/**
 * What is wrong with where a snippet comes from, or undefined. `readExample` gives a file's text by its path, undefined where
 * there is none.
 */
export function snippetProblem(
  snippet: Snippet,
  readExample: (path: string) => string | undefined,
): string | undefined {
  const { source } = snippet;
  if (source === null)
    return COMPILED.has(snippet.language) ? "has no marker that says which example it is" : undefined;
  if (!SOURCES.some((folder) => source.path.startsWith(folder)) || source.path.includes(".."))
    return `${source.path} is not below ${SOURCES.join(" or ")}`;
  const file = readExample(source.path);
  if (file === undefined) return `${source.path} does not exist`;
  const expected = source.region === null ? file : readRegion(file, source.region);
  if (expected === undefined) return `${source.path} has no one region ${source.region}`;
  return expected.trim() === snippet.text.trim()
    ? undefined
    : `differs from ${source.path}; it should be:\n${expected.trim()}`;
}

/** True for a whole policy document, as opposed to a part of one. */
export function isPolicy({ language, text }: Snippet): boolean {
  return /^ya?ml$/u.test(language) && /^leash:\s*\d/mu.test(text);
}
