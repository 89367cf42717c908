/** Steps that one condition may take: elements walked through, long texts and lists searched, all loops together. */
const MAXIMUM_STEPS = 100_000;

/** Elements of one list or map that a comprehension walks through. */
export const MAXIMUM_ELEMENTS = 1_000;

/** How far the running condition has gone. Conditions are synchronous, so one count serves all. */
let steps = 0;

/** To be called before every evaluation of a condition that counts. */
export function resetSteps(): void {
  steps = 0;
}

/** Takes the steps of a walk through so many elements; false where that is too many. */
export function walk(elements: number): boolean {
  steps += elements;
  return elements <= MAXIMUM_ELEMENTS && steps <= MAXIMUM_STEPS;
}

/** Takes the steps of looking through a text of so many UTF-16 units; false where the condition has gone too far. */
export function readText(length: number): boolean {
  steps += length >> 6;
  return steps <= MAXIMUM_STEPS;
}

/** Takes the steps of looking for something among so many elements; false where the condition has gone too far. */
export function search(elements: number): boolean {
  steps += elements >> 3;
  return steps <= MAXIMUM_STEPS;
}
