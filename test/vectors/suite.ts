import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * `by design`: the vector is valid, and our rules, which are stricter than the standard, refuse it. `not applicable`: it tests
 * something that Leashkit does not have. Both need a reason.
 */
export type Standing = "passed" | "failed" | "by design" | "not applicable";

export interface Outcome {
  readonly vector: string;
  readonly standing: Standing;
  readonly reason: string;
}

/** Published test vectors of one standard, against the code that follows it. */
export interface VectorSuite {
  readonly name: string;
  /** The folder's vectors that must pass at least: a suite that finds no files has not passed. */
  readonly passesAtLeast: number;
  run(folder: string): readonly Outcome[];
}

/**
 * The folder with the published vectors, from `LEASHKIT_VECTORS`, else beside the repository; undefined where there is none.
 * They are not part of the repository: they have licences of their own.
 */
export function findVectors(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const folder = resolve(
    environment["LEASHKIT_VECTORS"] ?? fileURLToPath(new URL("../../../shared/vectors", import.meta.url)),
  );
  return existsSync(folder) ? folder : undefined;
}

export const ABSENT = "there is no folder with published vectors; name one in LEASHKIT_VECTORS";

/** The outcome of a vector that must hold. A throw is a failure, never the end of the run. */
export function expectThat(vector: string, holds: () => boolean): Outcome {
  try {
    return holds()
      ? { vector, standing: "passed", reason: "" }
      : { vector, standing: "failed", reason: "does not hold" };
  } catch (error) {
    return { vector, standing: "failed", reason: `threw ${String(error)}` };
  }
}

/** True when it throws an error of ours: a refusal, not a crash. */
export function refuses(run: () => unknown, isRefusal: (error: unknown) => boolean): boolean {
  try {
    run();
    return false;
  } catch (error) {
    if (isRefusal(error)) return true;
    throw error;
  }
}

export function skip(vector: string, standing: "by design" | "not applicable", reason: string): Outcome {
  return { vector, standing, reason };
}

export function readBytes(...path: readonly string[]): Buffer {
  return readFileSync(join(...path));
}

export function readText(...path: readonly string[]): string {
  return readBytes(...path).toString();
}
