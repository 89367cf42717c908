import { cedarInProcess } from "./cedar-set.ts";
import type { Engine } from "./engine.ts";
import type { Rule } from "./rules.ts";
import type { Request } from "./traffic.ts";

/** What the process is asked, one at a time: to build the engine, to answer its requests, to decide so many. */
export type Question =
  | {
      readonly build: { readonly name: string; readonly rules: readonly Rule[]; readonly requests: readonly Request[] };
    }
  | { readonly answers: true }
  | { readonly run: number };

let engine: Engine | undefined;

async function answer(question: Question): Promise<unknown> {
  if ("build" in question) {
    const { name, rules, requests } = question.build;
    engine = cedarInProcess(name, rules, requests);
    return null;
  }
  if ("answers" in question) return engine?.answers();
  await engine?.run(question.run);
  return null;
}

process.on("message", (question: Question) => {
  answer(question).then(
    (value) => process.send?.({ value }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
