import { durableStoreCases, storeCases } from "@leashkit/core/testing";
import { afterAll, describe, inject, it } from "vitest";
import { postgresStore } from "./index.ts";
import { freshSchema, sharedServer } from "./server.fixture.ts";

const server = sharedServer(inject("postgres"));
if (server === undefined) console.info("Skipped for want of a server: the contract of stores over PostgreSQL");
const connectionString = server?.connectionString ?? "";

afterAll(() => server?.stop());

describe.skipIf(server === undefined)("postgresStore", () => {
  describe("as every store", () => {
    for (const { name, run } of storeCases) {
      it(name, () => run((options) => postgresStore({ ...options, connectionString, schema: freshSchema() })));
    }
  });

  describe("as every durable store", () => {
    for (const { name, run } of durableStoreCases) {
      it(name, async () => {
        const schema = freshSchema();
        await run({ open: (options) => postgresStore({ ...options, connectionString, schema }) });
      });
    }
  });
});
