import type { Report } from "../issues.ts";
import type { Block, Shape, Values } from "../readers.ts";
import { type CommandForm, commandForm } from "./commands.ts";
import type { Guard, GuardForm } from "./guard.ts";
import { type MoneyForm, moneyForm } from "./money.ts";
import { type PathForm, pathForm } from "./paths.ts";
import { type RecipientForm, recipientForm } from "./recipients.ts";
import { type SqlForm, sqlForm } from "./sql.ts";
import { type UrlForm, urlForm } from "./urls.ts";

/** All keys of an entry of `tools` that state a guard. */
export type GuardKeys = UrlForm & PathForm & CommandForm & SqlForm & RecipientForm & MoneyForm;

export const GUARD_KEYS: Shape<GuardKeys>["keys"] = {
  ...urlForm.keys,
  ...pathForm.keys,
  ...commandForm.keys,
  ...sqlForm.keys,
  ...recipientForm.keys,
  ...moneyForm.keys,
};

/** What states a guard of one form, if any. */
type Statement = (entry: Block<GuardKeys>, report: Report, asks: boolean) => Guard | undefined;

function stated<T>(form: GuardForm<T>): (entry: Block<T>, report: Report, asks: boolean) => Guard | undefined {
  const own = new Set(Object.keys(form.keys));
  return (entry, report, asks) => {
    form.check?.(entry, report);
    const values = Object.entries(entry.values).filter(([key]) => own.has(key));
    // A selection of the entry's own values, which the compiler cannot follow through their names.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return form.create(Object.fromEntries(values) as Values<T>, asks);
  };
}

/** In the order in which they are asked. */
const STATEMENTS: readonly Statement[] = [
  stated(urlForm),
  stated(pathForm),
  stated(commandForm),
  stated(sqlForm),
  stated(recipientForm),
  stated(moneyForm),
];

/** The guards that an entry states. `asks`: whether a person is asked about what is outside of their lists. */
export function guardsOf(entry: Block<GuardKeys>, report: Report, asks: boolean): readonly Guard[] {
  return STATEMENTS.flatMap((statement) => statement(entry, report, asks) ?? []);
}
