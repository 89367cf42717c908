#!/usr/bin/env node
import { run } from "./index.ts";

// A reader that has seen enough (`| head`) closes the pipe; what is left unsaid is not a failure of the command.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}
process.exitCode = await run(process.argv.slice(2), process);
