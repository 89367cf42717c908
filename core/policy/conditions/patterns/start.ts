/** Whether a text starts with another: the last character tells nearly always, and the search at one place is the quickest. */
export function startsWith(text: string, start: string): boolean {
  const last = start.length - 1;
  return last < 0 || (text.charCodeAt(last) === start.charCodeAt(last) && text.lastIndexOf(start, 0) === 0);
}
