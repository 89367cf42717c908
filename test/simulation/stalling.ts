import type { Store } from "@leashkit/core";

/** A store whose answer to a grant waits until it is let go. */
export function stalling(inner: Store): {
  readonly store: Store;
  readonly written: Promise<void>;
  readonly letGo: () => void;
} {
  let tell = (): void => undefined;
  let letGo = (): void => undefined;
  const written = new Promise<void>((resolve) => (tell = resolve));
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  const commit: Store["commit"] = async (changes, append) => {
    const result = await inner.commit(changes, append);
    if (!changes.some(({ kind }) => kind === "journal")) return result;
    tell();
    await gate;
    return result;
  };
  return { store: { ...inner, commit }, written, letGo: () => letGo() };
}
