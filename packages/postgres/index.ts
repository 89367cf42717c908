export { postgresStore } from "./store.ts";
export type { PostgresConnection, PostgresPool, PostgresQuery, PostgresStoreOptions } from "./options.ts";
