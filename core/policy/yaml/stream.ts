import { type CST, Lexer, Parser } from "yaml";
import { endOf, type Reading, refuseSyntax, refuseText } from "./reading.ts";

/** Levels of nesting; a policy needs about seven. */
const MAXIMUM_DEPTH = 64;

/** Pieces the lexer cuts a text into; 10,000 long rules are about 600,000. */
const MAXIMUM_LEXEMES = 1_000_000;

/** UTF-16 units of one value or comment; the longest text that a policy has a use for is a condition of 4 KiB. */
const LONGEST_LEXEME = 65_536;

/** Anchors, aliases and tags that are refused one by one, each in its place. */
const MAXIMUM_PROPERTIES = 100;

/** Spaces and line ends without anything between them. The parser looks at all of them again for each comment that follows. */
const MAXIMUM_BLANKS = 1000;

/**
 * Cuts a text into tokens and gives those of its one document. Lexer and parser run once and step by step, so that a text that
 * is nested or cut up too finely is refused before anything recurses over it.
 *
 * @returns undefined where there is none, and where the text was refused.
 */
export function readStream(reading: Reading): CST.Document | undefined {
  const parser = new Parser();
  const stream: Stream = { reading, document: undefined };
  const counts: Counts = { lexemes: 0, blanks: 0, properties: 0 };
  for (const lexeme of new Lexer().lex(reading.text)) {
    const { offset } = parser;
    for (const token of parser.next(lexeme)) accept(token, stream);
    count(lexeme, counts);
    if (parser.stack.length > MAXIMUM_DEPTH) {
      refuseText(reading, "yaml_depth", offset, `the policy is nested deeper than ${MAXIMUM_DEPTH} levels`);
    } else if (stream.document !== undefined && parser.stack[0]?.type === "document") {
      refuseSecond(offset, reading);
    }
    refuseBomb(lexeme, counts, offset, reading);
    if (reading.failed) return undefined;
  }
  for (const token of parser.end()) accept(token, stream);
  return reading.failed ? undefined : stream.document;
}

/** What a text has had so far. */
interface Counts {
  lexemes: number;
  /** Spaces and line ends since the last lexeme of another kind. */
  blanks: number;
  /** Anchors, aliases and tags. */
  properties: number;
}

function count(lexeme: string, counts: Counts): void {
  counts.lexemes += 1;
  const first = lexeme.charAt(0);
  counts.blanks = first === " " || first === "\n" || first === "\t" || first === "\r" ? counts.blanks + 1 : 0;
  if (first === "&" || first === "*" || first === "!") counts.properties += 1;
}

function refuseBomb(lexeme: string, counts: Counts, offset: number, reading: Reading): void {
  if (counts.lexemes > MAXIMUM_LEXEMES) refuseText(reading, "yaml_size", offset, "the policy has too many values");
  if (counts.blanks > MAXIMUM_BLANKS) refuseText(reading, "yaml_size", offset, "too many empty lines in a row");
  if (lexeme.length > LONGEST_LEXEME) {
    refuseText(reading, "yaml_size", offset, `a value has at most ${LONGEST_LEXEME} characters`);
  }
  if (counts.properties > MAXIMUM_PROPERTIES) {
    refuseText(reading, "yaml_alias", offset, "anchors, aliases and tags are not used in policies");
  }
}

interface Stream {
  readonly reading: Reading;
  document: CST.Document | undefined;
}

/** Takes one token that stands outside of others. */
function accept(token: CST.Token, stream: Stream): void {
  const { reading } = stream;
  switch (token.type) {
    case "document":
      if (stream.document !== undefined) refuseSecond(token.offset, reading);
      stream.document = token;
      return;
    case "directive":
      refuseText(reading, "yaml_directive", token.offset, "YAML directives (`%…`) are not used in policies");
      return;
    case "comment":
    case "newline":
    case "space":
      return;
    case "doc-end":
      if (stream.document === undefined) refuseSyntax(reading, token.offset, "`...` ends a document, and none began");
      endOf(token.end, token.offset + token.source.length, reading);
      return;
    default:
      refuseSyntax(reading, token.offset, token.type === "error" ? token.message : "this is out of place here");
  }
}

function refuseSecond(offset: number, reading: Reading): void {
  refuseText(reading, "yaml_documents", offset, "a policy is one YAML document; here starts another");
}
