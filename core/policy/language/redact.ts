import { describe } from "../located.ts";
import { namesOf, type Reader } from "../readers.ts";
import { closest } from "../suggest.ts";

/** Where a path may begin. */
const ROOTS = ["input", "output"] as const;

const STEP = String.raw`(?:[A-Za-z_][A-Za-z0-9_-]*|\d{1,15}|\*)`;
const PATH = new RegExp(String.raw`^(?:${ROOTS.join("|")})(?:\.${STEP}){0,16}$`);
const STEPS = new RegExp(String.raw`^${STEP}(?:\.${STEP}){0,15}$`);

const HELP = "for example input.card.number, input.payees.*.iban, output.token, or input for all of it";

/** `input.a.*.b` or `output.a`: what stands there is never written. `*` is any member or element. */
const path: Reader<string> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  if (typeof value !== "string") {
    report("wrong_type", node.place, `an entry of \`redact\` must be a path, not ${describe(node)}`, HELP);
    return undefined;
  }
  if (PATH.test(value)) return value;
  report("bad_path", node.place, "a path names a place in the input or in the output", hintFor(value));
  return undefined;
};

/** Also for the pointers that a registration takes: `/card/number`. */
function hintFor(written: string): string {
  const dotted = written.startsWith("/") ? written.slice(1).replaceAll("/", ".") : written;
  if (!STEPS.test(dotted)) return HELP;
  const [root = "", ...rest] = dotted.split(".");
  const near = closest(root, ROOTS);
  return `did you mean \`${near === undefined ? `input.${dotted}` : [near, ...rest].join(".")}\`?`;
}

/** Reads `redact`: paths as written. */
export const redact: Reader<readonly string[]> = namesOf("`redact`", path);
