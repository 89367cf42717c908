export { postgresStore } from "./store.ts";
export type { PostgresConnection, PostgresPool, PostgresQuery, PostgresStoreOptions } from "./options.ts";
export { type PostgresSink, postgresSink, type PostgresSinkOptions } from "./sink/sink.ts";
