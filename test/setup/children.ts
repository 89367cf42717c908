import type { TestProject } from "vitest/node";
import { compilePrograms } from "./compile.ts";

/** Programs that tests start, and kill, as processes of their own; and examples of the guides, which print what these say. */
const CHILDREN = [
  "core/audit/sinks/run-until-killed.fixture.ts",
  "core/store/commit-until-killed.fixture.ts",
  "core/tokens/rotate-keys.fixture.ts",
  "packages/langchain/test/kill-child.ts",
  "packages/llamaindex/test/life.ts",
  "packages/openai/loop.fixture.ts",
  "packages/postgres/child.fixture.ts",
  "test/torture/cap-worker.ts",
  "test/torture/kill-worker.ts",
  "test/torture/race-worker.ts",
  "examples/guide/checkpoints.ts",
  "examples/guide/defer.ts",
  "examples/guide/evidence.ts",
  "examples/guide/interrupt.ts",
  "examples/guide/leashed.ts",
  "examples/guide/loop.ts",
  "examples/guide/obligations.ts",
  "examples/guide/policy.ts",
  "examples/guide/replay.ts",
  "examples/postgres/agent.ts",
  "examples/postgres/answer.ts",
  "examples/adapter/turn.ts",
  "examples/langchain/agent.ts",
  "examples/langchain/deep-agent.ts",
  "examples/llamaindex/agent.ts",
  "examples/llamaindex/decorator.ts",
  "examples/llamaindex/defer.ts",
  "examples/llamaindex/leashed-tool.ts",
  "examples/llamaindex/suspend.ts",
  "examples/llamaindex/team.ts",
  "examples/openai/loop.ts",
  "examples/openai/suspend.ts",
  "examples/verify/main.ts",
  "examples/verify/once.ts",
  "examples/openai/cut-short.ts",
  "examples/openai/defer.ts",
  "examples/openai/responses.ts",
  "examples/openai/runner.ts",
  "examples/openai/stream.ts",
] as const;

type Compiled = Readonly<Record<(typeof CHILDREN)[number], string>>;

declare module "vitest" {
  interface ProvidedContext {
    /** Where each program stands compiled, by its source. A plain `node` runs it. */
    children: Compiled;
  }
}

/** Compiles the programs once for all tests that start them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { paths, remove } = await compilePrograms(CHILDREN);
  project.provide("children", paths);
  return remove;
}
