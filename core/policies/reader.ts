import { PolicyInvalid } from "../errors.ts";
import type { Policy } from "../model/policy.ts";
import { absolutePath, compileFiles, type Load, type PolicyPath } from "./documents.ts";
import { contentKey, type Files, readSettled, type Settling, stampOf } from "./files.ts";

/** What the files of a policy said when they were last at rest. */
export type Found =
  | { readonly kind: "policy"; readonly policy: Policy }
  | { readonly kind: "invalid"; readonly error: PolicyInvalid }
  /** The policy's own file is not there. */
  | { readonly kind: "missing"; readonly error: PolicyInvalid };

/** Reads one policy again and again. */
export interface PolicyReader {
  /** The files that it was made of when it was last read. */
  paths(): readonly string[];
  /** True where a file is not as it was when it was last read. */
  changed(): Promise<boolean>;
  /** Reads the files when they rest; the very same object as before where they say the same. One at a time. */
  read(options?: Pick<Settling, "believeTimes">): Promise<Found>;
}

/** Stands for files that never came to rest. */
const RESTLESS = "restless";

export function createPolicyReader(path: PolicyPath, load: Load, settling: Settling): PolicyReader {
  const own = absolutePath(path);
  let paths: readonly string[] = [own];
  let last: { readonly files: Files; readonly key: string; readonly found: Found } | undefined;

  async function read(options: Pick<Settling, "believeTimes">): Promise<Found> {
    for (;;) {
      const files = await readSettled(paths, { ...settling, ...options });
      const key = contentKey(paths, files);
      if (last?.key === key) return remember(files, key, last.found);
      const reading = compileFiles(path, files, load);
      if (reading.kind === "incomplete") {
        paths = [...new Set([...paths, ...reading.used])];
        continue;
      }
      paths = [...reading.used];
      const isMissing = reading.kind === "invalid" && files.get(own)?.kind === "missing";
      return remember(files, contentKey(paths, files), isMissing ? { ...reading, kind: "missing" } : reading);
    }
  }

  function remember(files: Files, key: string, found: Found): Found {
    last = { files, key, found };
    return found;
  }

  return {
    paths: () => paths,
    async changed() {
      const stamps = await Promise.all(paths.map(stampOf));
      return paths.some((place, index) => stampIn(last?.files, place) !== stamps[index]);
    },
    async read(options = {}) {
      try {
        return await read(options);
      } catch (error) {
        if (!(error instanceof PolicyInvalid)) throw error;
        return remember(new Map(), RESTLESS, last?.key === RESTLESS ? last.found : { kind: "invalid", error });
      }
    },
  };
}

function stampIn(files: Files | undefined, path: string): string | undefined {
  const file = files?.get(path);
  return file === undefined || file.kind === "torn" ? undefined : file.stamp;
}
