import type { Json } from "../../model/json.ts";
import { readOptions } from "../../options.ts";
import { inputPath, parseInputPath, valueAt } from "../language/paths.ts";
import { block, namesOf, type Reader, type Shape } from "../readers.ts";
import { forbidden, type Guard, type GuardForm, outside, type Refusal } from "./guard.ts";
import { invalidOption } from "./input-texts.ts";

/** Where a call says how much it spends, and of what. */
export interface MoneyOptions {
  /** Where the amount stands: an integer in the currency's minor unit, such as cents. Default `input.amount_minor`. */
  readonly amount?: string;
  /** Where the currency stands, or the one currency there is, such as `USD`. Default `input.currency`. */
  readonly currency?: string;
  /** ISO 4217 codes. Needed where the currency stands in the input. */
  readonly currencies?: readonly string[];
  /** Smallest amount, at least 0. Default 0. */
  readonly min?: number;
  /** Largest amount. Default: none. */
  readonly max?: number;
}

/** What a policy says of a call's money, ready to read it. */
export interface MoneyStatement {
  readonly amount: readonly string[];
  readonly currency: readonly string[] | string;
  readonly currencies: readonly string[];
  readonly min: number;
  readonly max: number;
}

/** Money as conditions and limits see it. */
export interface Money {
  /** Minor units, a safe integer, never negative zero. */
  readonly amount: number;
  readonly currency: string;
}

type Settings = { readonly [Key in keyof MoneyOptions]-?: MoneyOptions[Key] | undefined };

const NO_OPTIONS: Settings = {
  amount: "input.amount_minor",
  currency: "input.currency",
  currencies: undefined,
  min: 0,
  max: Number.MAX_SAFE_INTEGER,
};

/** The shape of ISO 4217's alphabetic codes. */
const CURRENCY = /^[A-Z]{3}$/;

const NO_AMOUNT = forbidden("amount_malformed", "the amount is missing or no whole number of minor units");
const TOO_LITTLE = forbidden("amount_too_small", "the amount is below the least one");
const NO_CURRENCY = forbidden("currency_malformed", "the currency is missing or no code of three capital letters");
const OTHER_CURRENCY = outside("currency_not_listed", "the currency is not among the allowed ones");
const TOO_MUCH = outside("amount_too_large", "the amount is above the largest one");

/**
 * Makes a statement of options.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for an option that cannot be read.
 */
export function moneyStatement(options: MoneyOptions): MoneyStatement {
  const settings = readOptions<Settings>("a money guard", options, NO_OPTIONS);
  const { currencies, min = 0, max = Number.MAX_SAFE_INTEGER } = settings;
  const amount = parseInputPath(settings.amount ?? "");
  if (amount === undefined) throw invalidOption("amount", "it is no path such as input.amount_minor");
  const currency = currencyOf(settings.currency ?? "");
  if (currency === undefined) throw invalidOption("currency", "it is neither a path such as input.currency nor a code");
  if (currencies?.every((code) => CURRENCY.test(code)) === false || currencies?.length === 0) {
    throw invalidOption("currencies", "they must be codes such as USD");
  }
  const problem = rangeProblem(min, max) ?? currencyProblem(currency, currencies);
  if (problem !== undefined) throw invalidOption("money", problem);
  return { amount, currency, currencies: currencies ?? [currency].flat(), min, max };
}

function currencyOf(text: string): readonly string[] | string | undefined {
  return CURRENCY.test(text) ? text : parseInputPath(text);
}

function rangeProblem(min: number, max: number): string | undefined {
  if (!isAmount(min) || !isAmount(max)) return "`min` and `max` must be whole numbers of at least 0";
  return min > max ? "`min` is greater than `max`" : undefined;
}

function currencyProblem(
  currency: readonly string[] | string,
  currencies: readonly string[] | undefined,
): string | undefined {
  if (typeof currency !== "string") return currencies ? undefined : "a currency in the input needs `currencies`";
  return currencies?.includes(currency) === false ? "`currencies` does not hold the one `currency`" : undefined;
}

function isAmount(value: Json | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** The money of a call, or why the statement refuses it. */
function readMoney(statement: MoneyStatement, input: Json): Money | Refusal {
  const { amount: amountPath, currency: currencyPath, currencies, min, max } = statement;
  const amount = valueAt(input, amountPath);
  if (typeof amount !== "number" || !Number.isSafeInteger(amount)) return NO_AMOUNT;
  const currency = typeof currencyPath === "string" ? currencyPath : valueAt(input, currencyPath);
  if (typeof currency !== "string" || !CURRENCY.test(currency)) return NO_CURRENCY;
  if (amount < min) return TOO_LITTLE;
  if (!currencies.includes(currency)) return OTHER_CURRENCY;
  // Adding 0 makes 0 of -0.
  return amount > max ? TOO_MUCH : { amount: amount + 0, currency };
}

/** The money of a call as conditions see it; null wherever the guard would refuse the call. */
export function moneyOf(statement: MoneyStatement, input: Json): Money | null {
  const found = readMoney(statement, input);
  return "kind" in found ? null : found;
}

/**
 * Guards amounts: an integer of minor units within the bounds, in one of the listed currencies, both exactly as written. No
 * text, no fraction and no lower-case code counts. Needs no probes.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for an option that cannot be read.
 * @example
 * moneyGuard({ amount: "input.amount_minor", currency: "input.currency", currencies: ["USD", "EUR"], max: 50_000 });
 */
export function moneyGuard(options: MoneyOptions | MoneyStatement): Guard {
  const statement = isStatement(options) ? options : moneyStatement(options);
  return {
    name: "money",
    needs: () => [],
    check(input) {
      const found = readMoney(statement, input);
      return "kind" in found ? found : undefined;
    },
  };
}

function isStatement(options: MoneyOptions | MoneyStatement): options is MoneyStatement {
  return typeof options.amount === "object";
}

interface Statement {
  readonly amount: readonly string[];
  readonly currency: readonly string[] | string;
  readonly currencies?: readonly string[];
  readonly min?: number;
  readonly max?: number;
}

const currency: Reader<readonly string[] | string> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  const meaning = typeof value === "string" ? currencyOf(value) : undefined;
  if (meaning === undefined) report("bad_value", node.place, "`currency` is a path such as input.currency, or a code");
  return meaning;
};

const code: Reader<string> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  if (typeof value === "string" && CURRENCY.test(value)) return value;
  report("bad_value", node.place, "a currency is three capital letters", "for example USD");
  return undefined;
};

function bound(what: string): Reader<number> {
  return (node, report) => {
    const value = node.kind === "scalar" ? node.value : undefined;
    if (isAmount(value)) return value;
    report("bad_value", node.place, `${what} must be a whole number of at least 0`);
    return undefined;
  };
}

const statementShape: Shape<Statement> = {
  what: "`money`",
  keys: {
    amount: inputPath,
    currency,
    currencies: namesOf("`currencies`", code),
    min: bound("`min`"),
    max: bound("`max`"),
  },
  required: ["amount", "currency"],
};

const readStatement = block(statementShape);

const money: Reader<MoneyStatement> = (node, report) => {
  const found = readStatement(node, report);
  if (found === undefined) return undefined;
  const { amount, currency: unit, currencies, min = 0, max = Number.MAX_SAFE_INTEGER } = found.values;
  const problem = rangeProblem(min, max) ?? (unit === undefined ? undefined : currencyProblem(unit, currencies));
  if (problem !== undefined) report("bad_value", found.place, problem);
  if (amount === undefined || unit === undefined || problem !== undefined) return undefined;
  return { amount, currency: unit, currencies: currencies ?? [unit].flat(), min, max };
};

/** The key of a money guard. */
export interface MoneyForm {
  readonly money?: MoneyStatement;
}

/** `money: { amount, currency, currencies, min, max }`. */
export const moneyForm: GuardForm<MoneyForm> = {
  keys: { money },
  create: (values) => values.money && moneyGuard(values.money),
};
