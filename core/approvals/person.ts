/**
 * True when two ids name one person. Upper and lower case, blanks around and Unicode's compatible forms do not make another
 * one: where people write their names by hand, they would be a way to say yes twice.
 */
export function samePerson(one: string, other: string): boolean {
  return folded(one) === folded(other);
}

function folded(id: string): string {
  return id.normalize("NFKC").trim().toLowerCase();
}
