import { LeashError } from "../errors.ts";
import { isPointer } from "./redact.ts";

/** What is kept of calls beside the log, so that decisions can be replayed. */
export interface RecordOptions {
  /** How long a recording is kept, in milliseconds. Default 30 days; it goes within a day or so after that. */
  readonly keepMs?: number;
  /** Bytes of an input with its facts, and of an output, beyond which they are not kept and the call cannot be replayed. Default 65,536. */
  readonly maxBytes?: number;
  /** 32 secret bytes: recordings are encrypted with AES-256-GCM. Whoever replays needs them. Default: not encrypted. */
  readonly key?: Uint8Array;
  /** JSON pointers into the input of every tool, `*` for any member, that are redacted before anything is written. Default none. */
  readonly redact?: readonly string[];
  /** Whether outputs are kept as well. Default true. */
  readonly outputs?: boolean;
}

/** The same, complete. */
export type RecordSettings = Required<Omit<RecordOptions, "key">> & Pick<RecordOptions, "key">;

const DEFAULTS = { keepMs: 30 * 86_400_000, maxBytes: 65_536, redact: [], outputs: true } as const;
const KEY_BYTES = 32;

/**
 * Undefined where nothing is recorded.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for settings that make no sense.
 */
export function readRecordOptions(stated: false | RecordOptions | undefined): RecordSettings | undefined {
  if (stated === false) return undefined;
  const { key, ...rest } = stated ?? {};
  const settings = { ...DEFAULTS, ...rest };
  for (const name of ["keepMs", "maxBytes"] as const) {
    if (Number.isSafeInteger(settings[name]) && settings[name] > 0) continue;
    throw invalid(`\`record.${name}\` takes a whole number above 0`);
  }
  requireKey(key);
  const bad = settings.redact.find((pointer) => !isPointer(pointer));
  if (bad !== undefined)
    throw invalid(`\`record.redact\` takes JSON pointers such as "/card/number", not ${quoted(bad)}`);
  return key === undefined ? settings : { ...settings, key };
}

/** @throws {LeashError} `LEASH_CONFIG_INVALID`. */
export function requireKey(key: Uint8Array | undefined): void {
  if (key !== undefined && key.length !== KEY_BYTES) throw invalid(`a key of recordings has ${KEY_BYTES} bytes`);
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function invalid(problem: string): LeashError {
  return new LeashError("LEASH_CONFIG_INVALID", `The recording of calls cannot be set up: ${problem}.`);
}
