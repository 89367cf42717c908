import {
  type CelFunc,
  celFunc,
  type CelMap,
  celMethod,
  CelScalar,
  type CelValue,
  isCelList,
  isCelMap,
  isCelUint,
  listType,
  objectType,
} from "@bufbuild/cel";
import { isReflectMessage } from "@bufbuild/protobuf/reflect";
import { type Timestamp, timestampFromMs, timestampMs, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { MAXIMUM_ELEMENTS, search, walk } from "../closures/steps.ts";
import { containsText } from "../closures/texts.ts";
import { compilePattern, matchBounded } from "../patterns/patterns.ts";
import { INNER } from "./syntax.ts";

const { BOOL, DOUBLE, DYN, INT, STRING, UINT } = CelScalar;
const LIST = listType(DYN);
const TIMESTAMP = objectType(TimestampSchema);

function required<T>(value: T | undefined, problem: string): T {
  if (value === undefined) throw new Error(problem);
  return value;
}

function sizeOf(value: CelValue): number {
  return isCelList(value) || isCelMap(value) ? value.size : 0;
}

const inner = [
  celFunc(INNER.bounded, [DYN], DYN, (range) => {
    if (!walk(sizeOf(range))) throw new Error("too many elements");
    return range;
  }),
  celFunc(INNER.searched, [DYN], DYN, (range) => {
    if (isCelList(range) && !search(range.size)) throw new Error("too many elements");
    return range;
  }),
  celFunc(INNER.fielded, [DYN], DYN, (value) => {
    if (!isCelMap(value) && !isReflectMessage(value)) throw new Error("only maps have members");
    return value;
  }),
  celFunc(INNER.at, [DYN, DYN], DYN, (value, index) => {
    if (isCelMap(value)) return required(isKey(index) ? value.get(index) : undefined, "no such key");
    const position = isCelUint(index) ? Number(index.value) : typeof index === "bigint" ? Number(index) : index;
    if (!isCelList(value) || !Number.isInteger(position)) throw new Error("no such element");
    return required(value.get(Number(position)), "no such element");
  }),
];

function isKey(value: CelValue): value is Parameters<CelMap["get"]>[0] {
  return ["string", "boolean", "number", "bigint"].includes(typeof value) || isCelUint(value);
}

/** Linear on every text and bounded on long ones; the library's own are neither. */
const texts = [
  celMethod("matches", STRING, [STRING], BOOL, function (pattern) {
    return required(matchBounded(compilePattern(pattern), this), "the text is too long");
  }),
  celMethod("contains", STRING, [STRING], BOOL, function (part) {
    return required(containsText(this, part), "too much text");
  }),
];

/** The numbers among which `min` and `max` choose; ints and doubles mix, anything else is an error and so unknown. */
function numbers(values: Iterable<unknown>): readonly (bigint | number)[] {
  const found = [...values].map((value) => {
    if (typeof value === "bigint" || (typeof value === "number" && !Number.isNaN(value))) return value;
    throw new Error("not a number");
  });
  if (found.length === 0 || found.length > MAXIMUM_ELEMENTS) throw new Error("no numbers, or too many");
  return found;
}

function extreme(name: string, better: (a: bigint | number, b: bigint | number) => boolean): readonly CelFunc[] {
  const choose = (values: Iterable<unknown>): bigint | number =>
    numbers(values).reduce((best, value) => (better(value, best) ? value : best));
  return [
    celFunc(name, [DYN, DYN], DYN, (a, b) => choose([a, b])),
    celFunc(name, [LIST], DYN, (list) => choose(isCelList(list) ? list : [])),
  ];
}

const WHOLE = /^[+-]?[0-9]{1,19}$/;
const DECIMAL = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?$/;
const INT64_LIMIT = 2n ** 63n;

function wholeNumber(text: string): bigint {
  if (!WHOLE.test(text)) throw new Error("not a whole number");
  const value = BigInt(text);
  if (value >= INT64_LIMIT || value < -INT64_LIMIT) throw new Error("beyond 64 bits");
  return value;
}

function decimalNumber(text: string): number {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) throw new Error("not a number");
  return value;
}

/**
 * Conversions from text. The library reads `int("")`, `double(" ")` and `double("0x10")` as numbers; CEL says error, and a
 * failed conversion must be unknown rather than 0.
 */
const conversions = [
  celFunc("int", [STRING], INT, wholeNumber),
  celFunc("uint", [STRING], UINT, () => {
    throw new Error("texts are not converted to uint; use int");
  }),
  celFunc("double", [STRING], DOUBLE, decimalNumber),
  // CEL counts seconds since the epoch; the library takes milliseconds.
  celFunc("timestamp", [INT], TIMESTAMP, (seconds) => timestampFromMs(Number(seconds) * 1000)),
];

const DAY_MS = 86_400_000;

const DATE_PARTS: readonly (readonly [name: string, part: (date: Date) => number])[] = [
  ["getFullYear", (date) => date.getUTCFullYear()],
  ["getMonth", (date) => date.getUTCMonth()],
  ["getDate", (date) => date.getUTCDate()],
  ["getDayOfMonth", (date) => date.getUTCDate() - 1],
  ["getDayOfWeek", (date) => date.getUTCDay()],
  ["getDayOfYear", (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS)],
  ["getHours", (date) => date.getUTCHours()],
  ["getMinutes", (date) => date.getUTCMinutes()],
  ["getSeconds", (date) => date.getUTCSeconds()],
  ["getMilliseconds", (date) => date.getUTCMilliseconds()],
];

/**
 * Parts of a time, in UTC or in a named zone. The library's own go through the process's local zone, where an hour that a
 * clock change skips comes out as another: the same call would be decided differently on two machines.
 */
const dateParts = DATE_PARTS.flatMap(([name, part]) => [
  celMethod(name, TIMESTAMP, [], INT, function () {
    return BigInt(part(new Date(millisecondsOf(this))));
  }),
  celMethod(name, TIMESTAMP, [STRING], INT, function (zone) {
    const at = millisecondsOf(this);
    return BigInt(part(new Date(at + zoneOffsetMs(at, zone))));
  }),
]);

function millisecondsOf(time: { readonly message: Timestamp }): number {
  return timestampMs(time.message);
}

const FIXED_OFFSET = /^([+-]?)([0-9]{2}):([0-9]{2})$/;

/** Zones whose formats are kept: making one takes far longer than using it, and a call can name any. */
const MOST_ZONES = 32;

const formats = new Map<string, Intl.DateTimeFormat>();

/** Throws for a zone that does not exist. */
function formatFor(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  if (formats.size >= MOST_ZONES) formats.clear();
  formats.set(zone, format);
  return format;
}

/** What a zone's clocks show at a time, minus UTC. Throws for a zone that does not exist. */
function zoneOffsetMs(at: number, zone: string): number {
  const [, sign, hours, minutes] = FIXED_OFFSET.exec(zone) ?? [];
  if (hours !== undefined) return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  const parts = new Map<string, number>(
    formatFor(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const shown = (type: string): number => parts.get(type) ?? Number.NaN;
  const [hour, minute, second] = [shown("hour"), shown("minute"), shown("second")];
  return Date.UTC(shown("year"), shown("month") - 1, shown("day"), hour, minute, second) - Math.floor(at / 1000) * 1000;
}

/** What a condition can call beside CEL's standard library, and what replaces parts of it. */
export const FUNCTIONS: readonly CelFunc[] = [
  ...inner,
  ...texts,
  ...extreme("min", (a, b) => a < b),
  ...extreme("max", (a, b) => a > b),
  ...conversions,
  ...dateParts,
];

/** CEL's own names for types, which conditions may compare with `type(x)`. */
export const TYPE_NAMES: readonly string[] = [
  "int",
  "uint",
  "double",
  "bool",
  "string",
  "bytes",
  "list",
  "map",
  "null_type",
  "type",
];
