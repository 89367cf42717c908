/** Words longer than this are never a slip of one of ours. */
const LONGEST = 64;

/**
 * A hint for a word that is not known: the nearest known one, or all of them where none is near.
 * @example suggest("efect", ["effect", "action"]) // "did you mean `effect`?"
 */
export function suggest(word: string, known: readonly string[]): string {
  const nearest = closest(word, known);
  return nearest === undefined ? `known: ${known.join(", ")}` : `did you mean \`${nearest}\`?`;
}

/** The known word with the fewest slips (letters added, lost, changed or swapped), at most one per three letters. */
export function closest(word: string, known: readonly string[]): string | undefined {
  if (word.length > LONGEST) return undefined;
  let best: string | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const allowed = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3));
    const slips = distance(word.toLowerCase(), candidate.toLowerCase());
    if (slips <= allowed && slips < fewest) {
      best = candidate;
      fewest = slips;
    }
  }
  return best;
}

/** Damerau-Levenshtein distance in its "optimal string alignment" form. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const change = a[row - 1] === b[column - 1] ? 0 : 1;
      let least = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + change);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        least = Math.min(least, at(beforeLast, column - 2) + 1);
      }
      current.push(least);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
