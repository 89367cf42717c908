import type { Work } from "./proxy.ts";

/**
 * Runs a generator tool to its end within the guarded run: its work happens while it is read, not when it is called. What it
 * yields goes to the run manager as LangChain's own loop would send it.
 */
export function consumeOutput(work: Work): Work {
  return async (input, runManager, config) => {
    const output: unknown = await work(input, runManager, config);
    return isAsyncGenerator(output) ? consume(output, runManager) : output;
  };
}

interface EventSink {
  readonly handleToolEvent?: (chunk: unknown) => Promise<unknown>;
}

async function consume(generator: AsyncGenerator, runManager: unknown): Promise<unknown> {
  const sink: EventSink = typeof runManager === "object" && runManager !== null ? runManager : {};
  for (;;) {
    const { done, value } = await generator.next();
    if (done === true) return value as unknown;
    await emit(sink, value);
  }
}

/** A listener that fails must not cut the tool's work in the middle. */
async function emit(sink: EventSink, chunk: unknown): Promise<void> {
  try {
    await sink.handleToolEvent?.(chunk);
  } catch {
    // LangChain reports a failed listener itself.
  }
}

function isAsyncGenerator(output: unknown): output is AsyncGenerator {
  return (
    typeof output === "object" &&
    output !== null &&
    Symbol.asyncIterator in output &&
    "next" in output &&
    typeof output.next === "function"
  );
}
