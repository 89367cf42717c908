import { unguardedRecord } from "../audit/unguarded.ts";
import type { UnguardedOptions } from "../model/gate.ts";
import type { Scope } from "./context.ts";
import { toolName } from "./unsealable.ts";

/** Writes that a tool was started which no gate stands before. Never rejects: what runs is not this gate's to stop. */
export async function reportUnguarded(
  { context, principal }: Scope,
  tool: string | undefined,
  options: UnguardedOptions = {},
): Promise<void> {
  const { store, stream } = context;
  const name = tool === undefined ? undefined : toolName({ tool });
  try {
    await store.commit([], { stream, records: [unguardedRecord(principal, name, options)] });
  } catch {
    // The adapter tells its host all the same; the tool is not behind this gate.
  }
}
