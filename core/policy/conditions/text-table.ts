/** Characters of a text that are tried, from its start. */
const LAST_PLACE = 64;

/** More texts are rarely told apart by one character. */
const MOST_TEXTS = 32;

/** Slots for each text, at most. */
const MOST_ROOM = 4;

/**
 * Texts in slots that one of their characters names, so that looking one up reads that character and one other text: the
 * character's place, its significant bits, the slots. Undefined where no single character tells the texts apart.
 */
export type TextTable = readonly [place: number, bits: number, ...slots: (string | undefined)[]];

export function textTable(texts: readonly string[]): TextTable | undefined {
  if (texts.length > MOST_TEXTS) return undefined;
  const longest = Math.min(LAST_PLACE, Math.max(...texts.map(({ length }) => length)));
  for (let size = 1; size <= texts.length * MOST_ROOM; size *= 2) {
    if (size < texts.length) continue;
    for (let place = 0; place < longest; place += 1) {
      const slots = texts.map((text) => slotOf(text, place, size - 1));
      if (new Set(slots).size === texts.length)
        return [place, size - 1, ...Array.from({ length: size }, (_, slot) => texts[slots.indexOf(slot)])];
    }
  }
  return undefined;
}

/** Where the text would stand; a text that ends before the place has no character there, and stands in the first slot. */
export function slotOf(text: string, place: number, bits: number): number {
  return place < text.length ? text.charCodeAt(place) & bits : 0;
}
