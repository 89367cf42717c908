/** A value that JSON (RFC 8259) can carry. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object with own, enumerable string keys only. */
export interface JsonObject {
  readonly [key: string]: Json;
}
