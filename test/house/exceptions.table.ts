/**
 * What may differ from the house rules, each with its reason. A finding is excepted when it comes from this check and starts
 * with this text, for example a path with or without its line. An exception that excepts nothing any more is itself a finding.
 */
export interface Exception {
  readonly check: string;
  readonly startsWith: string;
  readonly reason: string;
}

export const EXCEPTIONS: readonly Exception[] = [
  {
    check: "packages import only what they declare, and core by its doors",
    startsWith: "core/store/driver.ts",
    reason: "libsql is an optional dependency: a literal import would need its types wherever core is compiled",
  },
];
