import { LeashError } from "../errors.ts";
import type { Checkpoint, StreamHead } from "../model/log.ts";
import type { KeySet, PublicKey } from "../model/keys.ts";
import { decodePublicKey } from "../tokens/paserk.ts";
import { isSignedBy, NOTE_SIGNATURE, noteKeyId, type NoteVerifier, parseNote, signatureLine } from "./note.ts";

/** What a checkpoint says. */
export type CheckpointBody = Pick<Checkpoint, "origin" | "size" | "root" | "heads">;

/** Signs the bytes of a note with the log's key. */
export interface CheckpointSigner {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

const HEAD = "leashkit/stream ";
const HEAD_LINE = /^leashkit\/stream (".*") ([1-9]\d*) ([0-9a-f]{64})$/u;
const SIZE = /^(?:0|[1-9]\d{0,15})$/u;
const ROOT_BYTES = 32;

/** The text of a checkpoint (https://c2sp.org/tlog-checkpoint), a line for each stream that grew. */
export function checkpointText({ heads, origin, root, size }: CheckpointBody): string {
  const lines = heads.map(({ hash, size: length, stream }) => `${HEAD}${JSON.stringify(stream)} ${length} ${hash}\n`);
  return `${origin}\n${size}\n${Buffer.from(root, "hex").toString("base64")}\n${lines.join("")}`;
}

/**
 * Reads the text of a checkpoint. Extension lines of other logs are passed over.
 * @throws {LeashError} `LEASH_TOKEN_INVALID` when it is none.
 */
export function readCheckpointText(text: string): CheckpointBody {
  const [origin = "", size = "", root64 = "", ...extensions] = text.slice(0, -1).split("\n");
  const root = Buffer.from(root64, "base64");
  const isRoot = root.length === ROOT_BYTES && root.toString("base64") === root64;
  if (origin === "" || !SIZE.test(size) || !Number.isSafeInteger(Number(size)) || !isRoot || extensions.includes("")) {
    throw malformed("its text is not origin, size and root hash");
  }
  const heads = extensions.filter((line) => line.startsWith(HEAD)).map(readHead);
  return { origin, size: Number(size), root: root.toString("hex"), heads };
}

function readHead(line: string): StreamHead {
  const [, quoted = "", size = "", hash = ""] = HEAD_LINE.exec(line) ?? [];
  const stream = readQuoted(quoted);
  if (stream === undefined || !SIZE.test(size) || !Number.isSafeInteger(Number(size))) {
    throw malformed("a line on a stream is not name, length and hash");
  }
  return { stream, size: Number(size), hash };
}

function readQuoted(quoted: string): string | undefined {
  try {
    const value: unknown = JSON.parse(quoted);
    return typeof value === "string" && JSON.stringify(value) === quoted ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Signs a checkpoint under the name of its origin. */
export function signCheckpoint(body: CheckpointBody, signer: CheckpointSigner): string {
  const text = checkpointText(body);
  const verifier: NoteVerifier = { name: body.origin, type: NOTE_SIGNATURE, publicKey: signer.publicKey };
  const signature = signer.sign(Buffer.from(text));
  return `${text}\n${signatureLine({ name: body.origin, keyId: noteKeyId(verifier), signature })}`;
}

/** What a checkpoint must be, beside signed. */
export interface CheckpointExpectation {
  /** The log that it must be of. Default: any whose key is in the set. */
  readonly origin?: string;
  /** Takes one that only a revoked key has signed, too: for what is checked against the log itself. Default false. */
  readonly revoked?: boolean;
}

/**
 * Checks a checkpoint against published keys: a stranger needs nothing else.
 *
 * @param keys What `leash.keySet()` gave, from a place that the log's writer cannot change.
 * @throws {LeashError} `LEASH_TOKEN_INVALID` when it is malformed, or no key of the purpose `checkpoint` has signed it;
 * `LEASH_TOKEN_REVOKED` when only a revoked one has; `LEASH_TOKEN_AUDIENCE` for another log.
 * @example const { size, root } = verifyCheckpoint(await readFile("checkpoint", "utf8"), keys);
 */
export function verifyCheckpoint(
  note: string,
  keys: KeySet | readonly PublicKey[],
  { origin, revoked = false }: CheckpointExpectation = {},
): Checkpoint {
  const parsed = parseNote(note);
  const body = readCheckpointText(parsed.text);
  const known = "v" in keys ? keys.keys : keys;
  const signed = known.filter(
    ({ publicKey, purpose }) =>
      purpose === "checkpoint" &&
      isSignedBy(parsed, { name: body.origin, type: NOTE_SIGNATURE, publicKey: decodePublicKey(publicKey) }),
  );
  const valid = signed.find(({ revokedAt }) => revokedAt === null);
  const key = valid ?? (revoked ? signed[0] : undefined);
  if (key === undefined) {
    if (signed.length === 0) throw malformed("no published key of the log has signed it");
    throw new LeashError(
      "LEASH_TOKEN_REVOKED",
      "The checkpoint was signed with a key that was revoked, so it does not count. Ask for a new one, signed with the present key.",
    );
  }
  if (origin !== undefined && origin !== body.origin) {
    throw new LeashError(
      "LEASH_TOKEN_AUDIENCE",
      "The checkpoint is of another log. Compare each log with its own checkpoints.",
    );
  }
  return { ...body, kid: key.kid, isRevoked: valid === undefined, note };
}

function malformed(problem: string): LeashError {
  return new LeashError(
    "LEASH_TOKEN_INVALID",
    `The checkpoint does not count: ${problem}. Use it exactly as it was written, with the key set of the log that wrote it.`,
  );
}
