import type { TestProject } from "vitest/node";
import { type KnownServer, startServer } from "../../packages/postgres/server.fixture.ts";
import { CHILDREN, type Compiled } from "./children.ts";
import { compilePrograms } from "./compile.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where each program stands compiled, by its source. A plain `node` runs it. */
    children: Compiled;
    /** The server that all tests share, each in schemas of its own. Undefined where there is none; why has been printed then. */
    postgres: KnownServer | undefined;
  }
}

/** What many tests need and what takes long to make, made once for all of them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [programs, server] = await Promise.all([compilePrograms(CHILDREN), startServer()]);
  project.provide("children", programs.paths);
  const known = server && { connectionString: server.connectionString, isOurs: server.isOurs };
  project.provide("postgres", known);
  return async () => {
    await Promise.all([programs.remove(), server?.stop()]);
  };
}
