import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A collector that can be killed and started again on the same port. */
export interface Collector {
  readonly url: string;
  readonly received: Received[];
  /** What the next answers are; after the last one 200. A number of 0 breaks the connection after the request was read. */
  readonly answers: { status: number; headers?: Record<string, string>; body?: string }[];
  /** Ends the server and every connection at once. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

export async function startCollector(): Promise<Collector> {
  const received: Received[] = [];
  const answers: Collector["answers"] = [];
  let port = 0;
  let server: Server;
  const start = async (): Promise<void> => {
    server = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8");
      request.on("data", (chunk: string) => (body += chunk));
      request.on("end", () => {
        const answer = answers.shift() ?? { status: 200 };
        received.push({ path: request.url ?? "", headers: request.headers, body });
        if (answer.status === 0) request.socket.destroy();
        else response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
  };
  await start();
  return {
    url: `http://127.0.0.1:${port}/ingest?source=leash`,
    received,
    answers,
    start,
    async kill() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
