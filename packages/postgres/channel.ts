import { hash } from "node:crypto";
import type { Kind } from "@leashkit/core";

/** The name under which a schema's changes are told; channels belong to the whole database, and names are short. */
export function channelOf(schema: string): string {
  return `leashkit_${hash("sha256", schema, "hex").slice(0, 16)}`;
}

/** The row that a notification names, undefined where it says that any row may have changed. */
export function rowIn(payload: string): { readonly kind: Kind; readonly id: string } | undefined {
  const space = payload.indexOf(" ");
  return space === -1 ? undefined : { kind: payload.slice(0, space) as Kind, id: payload.slice(space + 1) };
}
