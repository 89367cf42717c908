import { loadPolicyFile, PolicyInvalid, visible } from "@leashkit/core";

import { EXIT, type Exit } from "./exit.ts";
import { type Io, writeJson } from "./io.ts";
import type { CommonOptions } from "./state.ts";

/** `leash policy check`: reads the policy as a leash would, runs its tests; names every issue by line and column. */
export async function checkPolicy(io: Io, file: string, options: CommonOptions): Promise<Exit> {
  try {
    const policy = await loadPolicyFile(file, { strict: true });
    if (options.json === true) writeJson(io.stdout, { ok: true, id: policy.id, digest: policy.digest });
    else io.stdout.write(`${visible(file)}: fine, policy ${visible(policy.id)}, digest ${policy.digest}\n`);
    return EXIT.fine;
  } catch (error) {
    if (!(error instanceof PolicyInvalid)) throw error;
    for (const issue of error.issues) {
      const { line, column, message, hint } = issue;
      const text = hint === undefined ? message : `${message} (${hint})`;
      if (options.json === true) writeJson(io.stdout, { ok: false, ...issue });
      else io.stdout.write(`${visible(file)}:${line}:${column} ${visible(text)}\n`);
    }
    return EXIT.unreadable;
  }
}
