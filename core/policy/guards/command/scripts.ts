/**
 * Checks of the small languages that filters take as an argument. Each reads the part of its language that can neither run a
 * program nor touch a file, and refuses all else.
 */

/** Characters of a script; a longer one is no filter any more. */
const LONGEST_SCRIPT = 4096;

const SPACE = /[\s;]/;

/** Where a sed script is read. */
interface Sed {
  readonly script: string;
  at: number;
}

/**
 * True for a sed script of addresses, `p d n N D P h H g G x q Q = l F z b t T s y`, braces and labels: nothing that reads,
 * writes or runs (`r R w W e`, the flags `e` and `w` of `s`), nor the text commands `a i c`.
 */
export function isHarmlessSed(script: string): boolean {
  if (script.length > LONGEST_SCRIPT) return false;
  const sed: Sed = { script, at: 0 };
  let open = 0;
  for (;;) {
    skip(sed, SPACE);
    if (sed.at >= script.length) return open === 0;
    if (!readAddresses(sed)) return false;
    const command = script[sed.at] ?? "";
    sed.at += 1;
    if (command === "{") {
      open += 1;
      continue;
    }
    if (command === "}") open -= 1;
    else if (!readArguments(sed, command)) return false;
    if (open < 0 || !isCommandEnd(sed)) return false;
  }
}

function skip(sed: Sed, what: RegExp): void {
  while (what.test(sed.script[sed.at] ?? "")) sed.at += 1;
}

/** Behind a command stands a blank, `;`, a line break, `}` or nothing. */
function isCommandEnd({ script, at }: Sed): boolean {
  return at >= script.length || SPACE.test(script[at] ?? "") || script[at] === "}";
}

function readAddresses(sed: Sed): boolean {
  if (!readAddress(sed)) return false;
  skip(sed, /[ \t]/);
  if (sed.script[sed.at] === ",") {
    sed.at += 1;
    skip(sed, /[ \t]/);
    if (/[+~]/.test(sed.script[sed.at] ?? "")) sed.at += 1;
    const before = sed.at;
    if (!readAddress(sed) || sed.at === before) return false;
  }
  skip(sed, /[ \t!]/);
  return true;
}

/** Reads one address, or none; false where one is not closed. */
function readAddress(sed: Sed): boolean {
  const char = sed.script[sed.at] ?? "";
  if (char === "$") {
    sed.at += 1;
  } else if (/[0-9]/.test(char)) {
    skip(sed, /[0-9]/);
    if (sed.script[sed.at] === "~") {
      sed.at += 1;
      skip(sed, /[0-9]/);
    }
  } else if (char === "/") {
    sed.at += 1;
    if (!readDelimited(sed, "/", true)) return false;
    skip(sed, /[IM]/);
  }
  return true;
}

function readArguments(sed: Sed, command: string): boolean {
  if ("pdnNDPhHgGx=Fz".includes(command)) return true;
  if ("qQl".includes(command)) {
    skip(sed, /[ \t]/);
    skip(sed, /[0-9]/);
    return true;
  }
  if ("btT:".includes(command)) {
    skip(sed, /[ \t]/);
    skip(sed, /[A-Za-z0-9_]/);
    return true;
  }
  return (command === "s" || command === "y") && readSubstitution(sed, command);
}

function readSubstitution(sed: Sed, command: string): boolean {
  const delimiter = sed.script[sed.at] ?? "";
  if (!/[/|,:#@%!_+~]/.test(delimiter)) return false;
  sed.at += 1;
  if (!readDelimited(sed, delimiter, command === "s") || !readDelimited(sed, delimiter, false)) return false;
  if (command === "s") skip(sed, /[gpiIM0-9]/);
  return true;
}

/**
 * Reads to behind the next delimiter that is not escaped. A pattern must not end within brackets: there some seds take the
 * delimiter for a character and read on.
 */
function readDelimited(sed: Sed, delimiter: string, pattern: boolean): boolean {
  const { script } = sed;
  /** Where the open bracket stands; -1 outside of brackets. */
  let bracket = -1;
  for (; sed.at < script.length; sed.at += 1) {
    const char = script[sed.at];
    if (char === delimiter) {
      sed.at += 1;
      return bracket === -1;
    }
    if (bracket === -1) {
      if (char === "\\") sed.at += 1;
      else if (pattern && char === "[") bracket = sed.at;
    } else if (char === "\\" || (char === "[" && !skipClass(sed))) {
      return false;
    } else if (char === "]" && sed.at > bracket + (script[bracket + 1] === "^" ? 2 : 1)) {
      bracket = -1;
    }
  }
  return false;
}

const CLASS = /\[:[a-z]+:\]/y;

/** `[:alpha:]` within brackets; a lone `[` is a character that this check does not read. */
function skipClass(sed: Sed): boolean {
  CLASS.lastIndex = sed.at;
  const found = CLASS.exec(sed.script);
  if (found === null) return false;
  sed.at += found[0].length - 1;
  return true;
}

/** No pipe, no redirection, no indirect call, no escape: what is left of awk computes and prints. */
const AWK_CHARACTERS = /^[A-Za-z0-9_ \t\n$(){}[\]+*/%=!,;.:"'?~^&#-]*$/;

const AWK_WORDS =
  /\b(?:system|getline|close|fflush|ENVIRON|PROCINFO|SYMTAB|FUNCTAB|ARGV|extension|load|include|namespace)\b/;

/** True for an awk program that neither runs anything nor opens files; comparing with `<` and `>` is left out with them. */
export function isHarmlessAwk(program: string): boolean {
  return program.length <= LONGEST_SCRIPT && AWK_CHARACTERS.test(program) && !AWK_WORDS.test(program);
}

const JQ_WORDS = /\bENV\b|__prog|(?<![A-Za-z0-9_.])(?:env|import|include|modulemeta|input_filename|get_search_list)\b/;

/** True for a jq filter that reads neither the environment nor modules. */
export function isHarmlessJq(filter: string): boolean {
  return filter.length <= LONGEST_SCRIPT && !JQ_WORDS.test(filter);
}
