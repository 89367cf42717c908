import type { Client } from "pg";
import { channelOf, rowIn } from "./channel.ts";
import type { Database } from "./database.ts";
import type { Watched } from "@leashkit/core/store";

/** How long a broken connection is left alone before the next try; polling covers the time. */
const RECONNECT_MS = 250;

/** How often whoever waits looks, should no notification come. */
const POLL_MS = 1_000;

/**
 * Listens for the changes of all processes on a connection of its own, and opens it again when it breaks. It is only a hint:
 * where it cannot be had (a pooler that hands out other connections, no connection left) polling is enough.
 *
 * @param look called whenever any row may have changed; also after each connecting, as notifications may have been missed.
 * @returns a function that ends both. Until then the process stays: whoever waits for a person waits on purpose.
 */
export function listenForChanges(database: Database, look: () => void, wake: (row: Watched) => void): () => void {
  let stopped = false;
  let client: Client | undefined;
  let reconnecting: ReturnType<typeof setTimeout> | undefined;

  function connect(): void {
    const opened = database.newClient();
    client = opened;
    opened.on("error", () => reconnectSoon(opened));
    opened.on("end", () => reconnectSoon(opened));
    opened.on("notification", ({ payload }) => {
      const row = rowIn(payload ?? "");
      if (row === undefined) look();
      else wake(row);
    });
    void start(opened).catch(() => reconnectSoon(opened));
  }

  async function start(opened: Client): Promise<void> {
    await opened.connect();
    await opened.query(`LISTEN ${channelOf(database.schema)}`);
    look();
  }

  function reconnectSoon(lost: Client): void {
    if (client !== lost) return;
    client = undefined;
    endQuietly(lost);
    if (!stopped) reconnecting = setTimeout(connect, RECONNECT_MS);
  }

  const polling = setInterval(look, POLL_MS);
  connect();
  return () => {
    stopped = true;
    clearInterval(polling);
    clearTimeout(reconnecting);
    const last = client;
    client = undefined;
    if (last !== undefined) endQuietly(last);
  };
}

function endQuietly(client: Client): void {
  client.end().catch(() => undefined);
}
