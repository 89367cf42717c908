/** Whether a text starts with another: the last character tells nearly always, and the search at one place is the quickest. */
export function startsWith(text: string, start: string): boolean {
  const { length } = start;
  if (length === 0) return true;
  if (text.length < length || text.charCodeAt(length - 1) !== start.charCodeAt(length - 1)) return false;
  return text.lastIndexOf(start, 0) === 0;
}
