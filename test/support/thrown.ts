import { isLeashError } from "@leashkit/core";

/** What a promise rejects with, undefined where it does not. */
export const thrown = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

/** The code of what was thrown, `ran` where nothing was; fails for anything without a code. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (isLeashError(error)) return error.code;
    throw error;
  }
  return "ran";
}
