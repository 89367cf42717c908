/** What of a tool's calls is never written: JSON pointers (RFC 6901), in which `*` stands for any member or element. */
export interface Redaction {
  readonly input: readonly string[];
  readonly output: readonly string[];
}
