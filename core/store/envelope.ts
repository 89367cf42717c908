import { LeashError } from "../errors.ts";
import type { Json } from "../model/json.ts";
import type { Row } from "./store.ts";

/** A stored value with its version in the store, for the next compare-and-set. */
export interface Stored<T> {
  readonly value: T;
  readonly version: number;
}

/** Model types are plain JSON by construction; interfaces just lack the index signature that would let the compiler see it. */
export function toBody(value: { readonly v: 1 }): Json {
  return value;
}

/**
 * Opens a row's body as the type its kind implies.
 * @throws {LeashError} `LEASH_STORE_UNAVAILABLE` for a format version this build does not know.
 */
export function openRow<T extends { readonly v: 1 }>(row: Row): Stored<T> {
  const body = row.body;
  const version = typeof body === "object" && body !== null && "v" in body ? body.v : undefined;
  if (version !== 1) {
    throw new LeashError(
      "LEASH_STORE_UNAVAILABLE",
      `A stored ${row.kind} has a format this version does not know. Open the store with the version that wrote it, or a newer one.`,
    );
  }
  return { value: body as unknown as T, version: row.version };
}
