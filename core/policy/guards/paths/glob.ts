import { characterProblem, foldCase, LONGEST_PATH } from "./text.ts";

/** A pattern over absolute POSIX paths. */
export interface Glob {
  /** True where the pattern starts at the user's home. */
  readonly atHome: boolean;
  readonly steps: readonly Step[];
}

/** `**`, or one segment. */
type Step = { readonly kind: "depth" } | { readonly kind: "literal" | "wild"; readonly text: string };

/** Character classes and lists of other pattern languages, which would silently mean something else here. */
const FOREIGN = /[[\]]|[!@+*?]\(/;

/** What is wrong with a pattern, or undefined. */
export function globProblem(text: string): string | undefined {
  if (text.length > LONGEST_PATH) return `must have at most ${LONGEST_PATH} characters`;
  if (!text.startsWith("/") && !text.startsWith("~/")) return "must start with `/` or `~/`";
  if (FOREIGN.test(text) || characterProblem(text.replaceAll("*", "").replaceAll("?", "")) !== undefined) {
    return "knows `*`, `?` and `**` only, and plain characters";
  }
  const segments = segmentsOf(text);
  if (segments.some((segment) => segment.trim() !== segment)) return "must not hold outer spaces";
  if (segments.some((segment) => segment === "." || segment === "..")) return "must not hold `.` or `..`";
  if (segments.includes("") && text !== "/") return "must not hold `//` nor end with `/`";
  if (segments.some((segment) => segment.includes("**") && segment !== "**"))
    return "`**` must stand alone between `/`";
  return undefined;
}

function segmentsOf(text: string): readonly string[] {
  return text.slice(text.indexOf("/") + 1).split("/");
}

/**
 * Makes a pattern ready to match. `*` is any part of one segment, `?` one character, `**` any number of segments and none as
 * well: `/workspace/**` meets the folder itself and all below it. `~/` is the home of whoever runs the leash.
 * @param text one that `globProblem` finds nothing wrong with.
 * @param fold true for a pattern that is compared without case.
 */
export function compileGlob(text: string, fold: boolean): Glob {
  const steps = segmentsOf(text)
    .filter((segment) => segment !== "")
    .map((segment): Step => {
      if (segment === "**") return { kind: "depth" };
      const kind = segment.includes("*") || segment.includes("?") ? "wild" : "literal";
      return { kind, text: fold ? foldCase(segment) : segment };
    });
  return { atHome: text.startsWith("~"), steps };
}

/**
 * True when the pattern meets the path. Time is at most the length of the path times that of the pattern: of several `**` only
 * the last is ever tried again.
 * @param home the segments of the user's home, folded where the pattern is.
 */
export function globMeets(glob: Glob, path: readonly string[], home: readonly string[]): boolean {
  const first = glob.atHome ? home.length : 0;
  if (first > path.length || (glob.atHome && !home.every((segment, index) => path[index] === segment))) return false;
  const { steps } = glob;
  let [at, step] = [first, 0];
  let [retryAt, retryStep] = [0, -1];
  while (at < path.length) {
    const current = steps[step];
    if (current?.kind === "depth") {
      [retryAt, retryStep] = [at, step + 1];
      step += 1;
    } else if (current !== undefined && stepMeets(current, path[at] ?? "")) {
      at += 1;
      step += 1;
    } else if (retryStep !== -1) {
      retryAt += 1;
      [at, step] = [retryAt, retryStep];
    } else {
      return false;
    }
  }
  return steps.slice(step).every(({ kind }) => kind === "depth");
}

function stepMeets(step: Step, segment: string): boolean {
  if (step.kind === "depth") return true;
  return step.kind === "literal" ? step.text === segment : wildMeets(step.text, segment);
}

function wildMeets(pattern: string, text: string): boolean {
  let [at, step] = [0, 0];
  let [retryAt, retryStep] = [0, -1];
  while (at < text.length) {
    const wanted = pattern[step];
    if (wanted === "*") {
      [retryAt, retryStep] = [at, step + 1];
      step += 1;
    } else if (wanted === "?" || wanted === text[at]) {
      // One character may be two units; other than at `?`, both stand in the pattern, too.
      at += wanted === "?" && (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
      step += 1;
    } else if (retryStep !== -1) {
      retryAt += 1;
      [at, step] = [retryAt, retryStep];
    } else {
      return false;
    }
  }
  return !/[^*]/.test(pattern.slice(step));
}
