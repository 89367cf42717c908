import { dirname, isAbsolute, join, normalize, resolve } from "node:path";
import { PolicyInvalid } from "../errors.ts";
import type { Policy } from "../model/policy.ts";
import { type Files, unreadable } from "./files.ts";

/** What compiles a text. `resolve` gives the documents that it extends, or undefined where there is none. */
export type Load = (
  text: string,
  options: {
    readonly origin: string;
    readonly resolve: (reference: string, from: string) => PolicyDocument | undefined;
  },
) => Policy;

export interface PolicyDocument {
  readonly text: string;
  /** Names the document in messages, and is what its own references start from. */
  readonly origin: string;
}

/** The file that a host names as its policy. */
export interface PolicyPath {
  /** As the host wrote it, for messages. */
  readonly origin: string;
  /** The folder that relative paths start from; that of the process at the start, wherever it goes later. */
  readonly base: string;
}

/** What came of a policy's files. `used`: every file that it is made of, its own first. */
export type Reading = { readonly used: ReadonlySet<string> } & (
  | { readonly kind: "policy"; readonly policy: Policy }
  | { readonly kind: "invalid"; readonly error: PolicyInvalid }
  /** It extends files that were not read yet. */
  | { readonly kind: "incomplete" }
);

const MOST_FILES = 64;

export function absolutePath({ origin, base }: PolicyPath): string {
  return resolve(base, origin);
}

/** Compiles a policy of one or more files, from what was read of them and nothing else. Never throws. */
export function compileFiles(path: PolicyPath, files: Files, load: Load): Reading {
  const shelf: Shelf = { files, base: path.base, used: new Set(), unread: false };
  const { used } = shelf;
  const compiled = compile(path.origin, shelf, load);
  if (used.size > MOST_FILES) {
    return { kind: "invalid", error: unreadable(path.origin, `it extends more than ${MOST_FILES} documents`), used };
  }
  if (shelf.unread) return { kind: "incomplete", used };
  // Whatever the reader of the text made of it: a policy stands on all of its documents. What it says of a missing one has a line.
  const error = shelf.broken ?? ("error" in compiled ? compiled.error : shelf.missing);
  if (error === undefined && "policy" in compiled) return { kind: "policy", policy: compiled.policy, used };
  return { kind: "invalid", error: error ?? unreadable(path.origin, FAILED), used };
}

/** The files at hand, and what was found of those that were asked for. */
interface Shelf {
  readonly files: Files;
  readonly base: string;
  readonly used: Set<string>;
  unread: boolean;
  missing?: PolicyInvalid;
  broken?: PolicyInvalid;
}

const FAILED = "the policy could not be compiled: something failed on our side";

function compile(
  origin: string,
  shelf: Shelf,
  load: Load,
): { readonly policy: Policy } | { readonly error: PolicyInvalid } {
  try {
    const own = take(shelf, origin);
    if (own === undefined) return { error: shelf.missing ?? unreadable(origin, FAILED) };
    const policy = load(own.text, {
      origin,
      resolve(reference, from) {
        const named = originOf(reference, from);
        return named === undefined ? undefined : take(shelf, named);
      },
    });
    return { policy };
  } catch (error) {
    return { error: error instanceof PolicyInvalid ? error : unreadable(origin, FAILED, error) };
  }
}

function take(shelf: Shelf, origin: string): PolicyDocument | undefined {
  const place = resolve(shelf.base, origin);
  shelf.used.add(place);
  const file = shelf.files.get(place);
  if (file?.kind === "read") {
    try {
      return { text: decoder.decode(file.bytes), origin };
    } catch (cause) {
      shelf.broken ??= unreadable(origin, "the file is not valid UTF-8", cause);
    }
  } else if (file === undefined) shelf.unread = true;
  else if (file.kind === "torn") shelf.broken ??= unreadable(origin, "the file changed while it was read");
  else shelf[file.kind === "missing" ? "missing" : "broken"] ??= unreadable(origin, file.problem, file.cause);
  return undefined;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Where a reference leads: a path, relative to the folder of the document that it stands in, or absolute. What names a scheme
 * is no path: a policy never comes over the network.
 */
function originOf(reference: string, from: string): string | undefined {
  if (isAbsolute(reference)) return normalize(reference);
  return /^[a-z][a-z\d+.-]*:/iu.test(reference) ? undefined : join(dirname(from), reference);
}
