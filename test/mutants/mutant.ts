/**
 * The code with one guard taken out of it. Its named test must see that. A mutant that survives means that nothing would tell
 * if the guard were lost.
 */
export interface Mutant {
  /** `M` and a number; never used again for another one. */
  readonly id: string;
  /** The invariant (`I2`) or threat (`A-A3`) that the guard keeps. */
  readonly invariant: string;
  /** What the code does without the guard, in a few words. */
  readonly removes: string;
  /** Source file, relative to the workspace. */
  readonly file: string;
  /** Text of the guard. It must stand exactly once in the file. */
  readonly find: string;
  /** What stands there instead. */
  readonly replace: string;
  readonly test: {
    /** Test file, relative to the workspace. */
    readonly file: string;
    /** The test's name, or a part of it, without its `describe`s. */
    readonly name: string;
  };
}

/** The file's text with the guard taken out, or why the mutant does not apply to it any more. */
export function mutate(
  text: string,
  { find, replace }: Mutant,
): { readonly text: string } | { readonly problem: string } {
  if (find === replace) return { problem: "it changes nothing" };
  const found = text.split(find).length - 1;
  if (find === "" || found === 0) return { problem: "its text is not in the file any more" };
  if (found > 1) return { problem: `its text stands ${found} times in the file` };
  const at = text.indexOf(find);
  return { text: text.slice(0, at) + replace + text.slice(at + find.length) };
}
