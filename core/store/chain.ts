import { LEAF_PREFIX, sha256Hex } from "../digest.ts";
import { LeashError } from "../errors.ts";
import type { AuditEnvelope, AuditPayload, AuditRecord } from "../model/audit.ts";

/** Where a stream of the log ends: the number of its next line and the hash of its last one. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
}

/** A member of records. */
interface Member {
  readonly name: string;
  readonly label: string;
}

/** The head of a stream without lines. */
export const EMPTY_HEAD: Head = { seq: 0, hash: "0".repeat(64) };

// The order of the keys is the order in every line ever written: append only, and never reorder.
const PAYLOAD_MEMBERS = named({
  type: true,
  tenant: true,
  actor_type: true,
  actor_id: true,
  action_type: true,
  decision: true,
  effective: true,
  shadow_decision: true,
  shadow_rule: true,
  rule: true,
  reason_code: true,
  policy_id: true,
  policy_digest: true,
  digest: true,
  input_ref: true,
  output_ref: true,
  signature_valid: true,
  answer: true,
  method: true,
  assurance: true,
  device: true,
  detail: true,
  subject: true,
  agent: true,
} satisfies Record<keyof AuditPayload, true>);

const ENVELOPE_MEMBERS = named({
  action_id: true,
  decision_id: true,
  approval_id: true,
  proof_kid: true,
  proof_jti: true,
  adapter: true,
  trace_id: true,
  kid: true,
} satisfies Record<keyof AuditEnvelope, true>);

/** How the members of a record begin in a line, in their order. */
export const RECORD_LABELS: readonly string[] = [...PAYLOAD_MEMBERS, ...ENVELOPE_MEMBERS].map(({ label }) => label);

/** Each name with how it stands in a line. */
function named(members: Readonly<Record<string, true>>): readonly Member[] {
  return Object.keys(members).map((name) => ({ name, label: `,${JSON.stringify(name)}:` }));
}

const REQUIRED_MEMBERS = [
  "type",
  "tenant",
  "actor_type",
  "actor_id",
] as const satisfies readonly (keyof AuditPayload)[];

const LINE_END = /,"hash":"([0-9a-f]{64})"\}$/;

/**
 * The members of a record as they stand in its line, each behind a comma. Absent members are left out.
 * @throws {LeashError} `LEASH_INPUT_INVALID` for an unknown or missing member, a value that is not a well-formed text, a
 * boolean or null, or more than 524,288 characters.
 */
export function recordText(record: AuditRecord): string {
  for (const member of REQUIRED_MEMBERS) {
    if (record.payload[member] === undefined) throw invalidRecord(`lacks its member ${member}`);
  }
  const text = inOrder(record.payload, PAYLOAD_MEMBERS) + inOrder(record.envelope, ENVELOPE_MEMBERS);
  if (text.length > MAX_RECORD_LENGTH) throw invalidRecord("is too long");
  return text;
}

// Half of what the verifier reads of one line: what is written must verify.
const MAX_RECORD_LENGTH = 524_288;

/** Links a record, given as `recordText`, to a stream; see `link`. */
export function linkText(stream: string, head: Head, ts: number, text: string): { line: string; head: Head } {
  const hashed = `${LEAF_PREFIX}{"v":1,"stream":${JSON.stringify(stream)},"seq":${head.seq},"ts":"${timeText(ts)}"${text},"prev":"${head.hash}"`;
  const hash = sha256Hex(hashed);
  // Cut from what was hashed: by then that is one piece of memory, and what it was put together from need not be kept.
  return { line: `${hashed.slice(LEAF_PREFIX.length)},"hash":"${hash}"}`, head: { seq: head.seq + 1, hash } };
}

/** The second that was written last, up to its point: to write a whole time takes as long as to hash a line. */
let dated = { second: Number.NaN, text: "" };

function timeText(ts: number): string {
  const second = Math.floor(ts / 1_000);
  if (dated.second !== second) {
    dated = { second, text: new Date(second * 1_000).toISOString().slice(0, -"000Z".length) };
  }
  return `${dated.text}${String(ts - second * 1_000).padStart(3, "0")}Z`;
}

/**
 * Writes a record as the next line of a stream. The line's last member is `hash`: the RFC 6962 leaf hash of the exact
 * UTF-8 bytes before `,"hash":`; its `prev` is the hash of the line before, 64 zeros for the first.
 *
 * @param ts epoch milliseconds.
 * @throws {LeashError} `LEASH_INPUT_INVALID` for a record with an unknown or missing member.
 * @example
 * let head = EMPTY_HEAD;
 * const payload = { type: "decided", tenant: "t", actor_type: "agent", actor_id: "a" } as const;
 * ({ head } = link("writer-1", head, Date.now(), { payload, envelope: {} }));
 */
export function link(stream: string, head: Head, ts: number, record: AuditRecord): { line: string; head: Head } {
  return linkText(stream, head, ts, recordText(record));
}

/** The hash that a line carries, undefined where the text does not end like a line. It is read, not recomputed. */
export function hashOf(line: string): string | undefined {
  return LINE_END.exec(line)?.[1];
}

/** The members that are present, in the order of lines, each behind a comma. */
function inOrder(part: AuditPayload | AuditEnvelope, order: readonly Member[]): string {
  const values = part as Readonly<Record<string, unknown>>;
  let left = Object.keys(values).length;
  let text = "";
  for (const { label, name } of order) {
    // What somebody put on the prototype of all objects must not reach a line.
    if (!Object.hasOwn(values, name)) continue;
    left -= 1;
    const value = values[name];
    if (value !== undefined) text += label + valueText(value, name);
  }
  if (left === 0) return text;
  const unknown = Object.keys(values).find((member) => !order.some(({ name }) => name === member)) ?? "";
  throw invalidRecord(`has the unknown member ${unknown}`);
}

/** What JSON writes as it is, between quotes. Nearly all values are such, and to know it takes half as long as to write JSON. */
const PLAIN = /^[ !#-[\]-~]*$/;

function valueText(value: unknown, name: string): string {
  if (typeof value === "string") {
    if (PLAIN.test(value)) return `"${value}"`;
    if (!value.isWellFormed()) throw invalidRecord(`holds half a character in its member ${name}`);
    return JSON.stringify(value);
  }
  if (value === null || typeof value === "boolean") return String(value);
  throw invalidRecord(`holds a ${typeof value} in its member ${name}`);
}

function invalidRecord(problem: string): LeashError {
  return new LeashError(
    "LEASH_INPUT_INVALID",
    `The audit record ${problem}, so it was not written. Records hold exactly the members of AuditPayload and AuditEnvelope.`,
  );
}
