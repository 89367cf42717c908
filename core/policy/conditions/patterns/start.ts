/** Longer texts are not searched: where they do not start so, that would read all of them. */
const SHORT = 512;

/** Whether a text starts with another: the last character tells nearly always, and the platform's searches are the quickest. */
export function startsWith(text: string, start: string): boolean {
  const { length } = start;
  if (length === 0) return true;
  if (text.length < length || text.charCodeAt(length - 1) !== start.charCodeAt(length - 1)) return false;
  return text.length <= SHORT ? text.indexOf(start) === 0 : text.lastIndexOf(start, 0) === 0;
}
