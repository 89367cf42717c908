import { createIssueList } from "../issues.ts";
import { block } from "../readers.ts";
import { readYaml } from "../yaml.ts";
import type { Guard, GuardForm } from "./guard.ts";

/** Reads a guard's keys as a policy states them: the issues as `code line`, and the guard. */
export function readForm<T>(
  form: GuardForm<T>,
  yaml: string,
): { readonly issues: readonly string[]; readonly guard: Guard | undefined } {
  const issues = createIssueList(yaml);
  const node = readYaml(yaml, issues.report);
  const found = node && block<T>({ what: "a tool", keys: form.keys })(node, issues.report);
  if (found !== undefined) form.check?.(found, issues.report);
  const list = issues.list().map(({ code, line }) => `${code} ${line}`);
  return { issues: list, guard: found && list.length === 0 ? form.create(found.values, false) : undefined };
}
