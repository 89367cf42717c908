import { visible } from "@leashkit/core";

import { EXIT, type Exit } from "./exit.ts";
import { type Io, writeJson } from "./io.ts";
import { type CommonOptions, withDesk } from "./state.ts";

/** `leash log verify`: recomputes the hash chain from the stored bytes; names the first line that does not hold. */
export async function verifyLog(io: Io, options: CommonOptions): Promise<Exit> {
  const report = await withDesk(options, (open) => open.verifyLog());
  if (options.json === true) {
    const { ok, streams, records, firstBad } = report;
    writeJson(io.stdout, { ok, streams, records, first_bad: firstBad });
  } else if (report.firstBad === null) {
    io.stdout.write(`The log holds: ${report.records} records in ${report.streams} streams.\n`);
  } else {
    const { stream, seq, problem } = report.firstBad;
    io.stdout.write(`The log does not hold from stream ${visible(stream)}, record ${seq}: ${visible(problem)}\n`);
  }
  return report.ok ? EXIT.fine : EXIT.finding;
}
