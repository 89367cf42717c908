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
  {
    check: "core names no framework",
    startsWith: "core/policy/guards/command/",
    reason: "the command guard lists programs and folders that commands may name; some are called as vendors are",
  },
  {
    check: "no file names the machine it was written on",
    startsWith: "core/policy/guards/command/places.table.ts",
    reason: "the command guard protects the folders in which every system keeps its users' homes",
  },
  {
    check: "no file names the machine it was written on",
    startsWith: "core/policy/guards/paths/glob.test.ts",
    reason: "patterns for homes are tested with a home that nobody has",
  },
  {
    check: "no file names the machine it was written on",
    startsWith: "test/security/commands-",
    reason: "dangerous commands are written out as attackers write them, homes of nobody included",
  },
];
