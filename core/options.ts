import { LeashError } from "./errors.ts";

/** Values an option may have; a missing entry takes any. */
export type Choices<T> = { readonly [Key in keyof T]?: readonly unknown[] };

/**
 * Options over their defaults. A member that is undefined counts as absent.
 *
 * @param what completes the sentence "The options for … are wrong".
 * @param defaults names every option there is.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for an unknown option, or a value that is not among its choices.
 * @example
 * const settings = readOptions("wrapping tools", options, { pause: "hold", strict: true }, { pause: ["hold", "defer"] });
 */
export function readOptions<T extends object>(
  what: string,
  options: Partial<T> | undefined,
  defaults: T,
  choices: Choices<T> = {},
): T {
  const stated = Object.entries(options ?? {}).filter(([, value]) => value !== undefined);
  for (const [key, value] of stated) {
    if (!Object.hasOwn(defaults, key)) throw invalid(what, `there is no option ${JSON.stringify(key)}`);
    const allowed = Object.hasOwn(choices, key) ? choices[key as keyof T] : undefined;
    if (allowed?.includes(value) === false) throw invalid(what, `${key} must be one of ${allowed.join(", ")}`);
  }
  return { ...defaults, ...Object.fromEntries(stated) };
}

function invalid(what: string, problem: string): LeashError {
  return new LeashError("LEASH_CONFIG_INVALID", `The options for ${what} are wrong: ${problem}.`);
}
