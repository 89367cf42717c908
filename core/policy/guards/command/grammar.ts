/**
 * What a value or an operand may be.
 * - `text`: anything; the program never takes it for the name of a file nor runs it
 * - `name`: letters, digits and `_@.+/~^{},:-`; `plain`: the same without a colon
 * - `number`: a number, with a sign and a unit
 * - `path`: a file or folder that is read, anywhere
 * - `near`: a file or folder below the working folder, not hidden: what is written, or run by a test runner
 * - `archive`: `near` without a colon, which would be another machine
 * - `glob`: a pattern of file names that the program itself expands
 * - `url`: an `http` or `https` URL
 * - `format`: what starts with `+`
 * - `sed`, `awk`, `jq`: a script of the harmless part of that language
 * - `=a|b`: one of these words
 */
export type Kind =
  | "text"
  | "name"
  | "plain"
  | "number"
  | "path"
  | "near"
  | "archive"
  | "glob"
  | "url"
  | "format"
  | "sed"
  | "awk"
  | "jq"
  | `=${string}`;

/**
 * The harmless part of a program's command line, as data. What a grammar does not name is refused: an unknown option, an
 * operand too many, an abbreviated long option. Options stand in lists separated by spaces: `-a -b --all`.
 */
export interface Grammar {
  /** Options without a value. Short ones may be combined. */
  readonly flags?: string;
  /** Options with a value, by its kind: `--lines 5`, `--lines=5`, `-n5`, `-n 5`. */
  readonly values?: { readonly [key in Kind]?: string };
  /** Options that may carry a plain value, always attached: `--color`, `--color=auto`. */
  readonly optional?: string;
  /** Options that take a name and a text, such as jq's `--arg name value`. */
  readonly pairs?: string;
  /** Options that run, load or write something: forbidden, also abbreviated, unless an entry of the policy names them. */
  readonly never?: string;
  /** The kinds of the operands in their order; a star after the last one means any number. Default: none. */
  readonly operands?: readonly (Kind | `${Kind}*`)[];
  /** Options that stand for the first operand: grep's `-e`. */
  readonly instead?: string;
  /** `-20` is a number of lines. */
  readonly digits?: true;
  /** Long options have one dash, and short ones are not combined: find, go. */
  readonly long?: true;
  /** The first word may be options without their dash: `tar xzf`. */
  readonly bare?: true;
  /** All its words are operands, whatever they look like: echo, and what goes to a script behind `--`. */
  readonly words?: true;
  /** None of its options does harm, so that a file with the name of an option does none either. */
  readonly hardy?: true;
  /** Of its operands it tells names, sizes, dates and counts, and never what stands in them. */
  readonly lists?: true;
  /** It walks through folders: always, or with these options. */
  readonly descends?: true | string;
  /** What follows the first operand, by that operand; an option may stand in its place. */
  readonly commands?: { readonly [name: string]: Grammar };
  /** Only for entries of the policy that name the words up to here: `node script.js`, not `node`. */
  readonly named?: true;
  /** Judges what stands behind `--`. Default: operands. */
  readonly after?: Grammar;
  /** Behind its operands stands another command, which must be allowed itself. */
  readonly runs?: true;
  /** Before that, `NAME=value` may stand: env. */
  readonly assigns?: true;
}

export type OptionRule =
  | { readonly takes: "nothing" | "optional" | "pair" | "never" }
  | { readonly takes: "value"; readonly kind: Kind };

/** A grammar ready to judge. */
export interface CompiledGrammar {
  readonly source: Grammar;
  readonly options: ReadonlyMap<string, OptionRule>;
  /** The kinds of single operands. */
  readonly operands: readonly Kind[];
  /** The kind of every further operand. */
  readonly rest: Kind | undefined;
  readonly instead: ReadonlySet<string>;
  readonly commands: ReadonlyMap<string, CompiledGrammar>;
  readonly after: CompiledGrammar | undefined;
}

/** Makes a grammar ready; done once for each program that a policy allows. */
export function compileGrammar(source: Grammar): CompiledGrammar {
  const operands = (source.operands ?? []).map((operand) => operand.replace(/\*$/, "") as Kind);
  const repeats = source.operands?.at(-1)?.endsWith("*") === true;
  return {
    source,
    options: optionsOf(source),
    operands: repeats ? operands.slice(0, -1) : operands,
    rest: repeats ? operands.at(-1) : undefined,
    instead: new Set(listed(source.instead)),
    commands: new Map(Object.entries(source.commands ?? {}).map(([name, command]) => [name, compileGrammar(command)])),
    after: source.after && compileGrammar(source.after),
  };
}

function optionsOf({ flags, values, optional, pairs, never }: Grammar): ReadonlyMap<string, OptionRule> {
  const rules = new Map<string, OptionRule>();
  const add = (names: string | undefined, rule: OptionRule): void => {
    for (const name of listed(names)) rules.set(name, rule);
  };
  add(flags, { takes: "nothing" });
  add(optional, { takes: "optional" });
  add(pairs, { takes: "pair" });
  for (const [kind, names] of Object.entries(values ?? {})) add(names, { takes: "value", kind: kind as Kind });
  add(never, { takes: "never" });
  return rules;
}

/** The options of a list. */
export function listed(names: string | undefined): readonly string[] {
  return names === undefined ? [] : names.split(" ").filter((name) => name !== "");
}
