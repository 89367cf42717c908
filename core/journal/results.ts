import { canonicalText } from "../canonical.ts";
import { sha256Hex } from "../digest.ts";
import type { Json } from "../model/json.ts";
import type { ResultCodec } from "../model/journal.ts";
import { openRow, toBody } from "../store/envelope.ts";
import type { Change, Store } from "../store/store.ts";

interface Blob {
  readonly v: 1;
  /** Absent for a result of `undefined`. */
  readonly value?: Json;
}

/** A result as the journal keeps it. */
export interface RecordedResult {
  /** SHA-256 (hex) of the result's canonical text. */
  readonly digest: string;
  readonly blob: Blob;
}

/** Plain JSON as it is; what JSON cannot carry is not recorded, so that a re-execution never gets something else. */
const plainCodec: ResultCodec<unknown> = {
  encode: (result) => JSON.parse(canonicalText(result)) as Json,
  decode: (recorded) => recorded,
};

function digestOf(value: Json | undefined): string {
  return sha256Hex(value === undefined ? "" : canonicalText(value));
}

/** Undefined when the result cannot be recorded. */
export function recordResult<T>(result: T, codec?: ResultCodec<T>): RecordedResult | undefined {
  if (result === undefined) return { digest: digestOf(undefined), blob: { v: 1 } };
  try {
    const value = codec === undefined ? plainCodec.encode(result) : codec.encode(result);
    return value === undefined ? undefined : { digest: digestOf(value), blob: { v: 1, value } };
  } catch {
    return undefined;
  }
}

/** One blob per call, so that two calls with equal results never contend for a row. */
export function writeResult(journalId: string, result: RecordedResult): Change {
  return { kind: "blob", id: journalId, expect: 0, body: toBody(result.blob) };
}

/** The recorded result, or undefined where none was kept, or what is kept is not what the journal names by digest. */
export async function readResult<T>(
  store: Store,
  journalId: string,
  digest: string | null,
  codec?: ResultCodec<T>,
): Promise<{ readonly result: T } | undefined> {
  const row = await store.get("blob", journalId);
  if (row === undefined) return undefined;
  const { value } = openRow<Blob>(row).value;
  if (digestOf(value) !== digest) return undefined;
  if (value === undefined) return { result: undefined as T };
  return { result: codec === undefined ? (value as T) : codec.decode(value) };
}
