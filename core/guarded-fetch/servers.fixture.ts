import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createRawServer, type Server } from "node:net";

/** What a server saw of one request. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The address that was connected to. */
  readonly at: string;
}

export interface TestServer {
  readonly port: number;
  readonly seen: readonly Seen[];
  close(): Promise<void>;
}

type Answer = (seen: Seen, response: ServerResponse) => void;

/** A server on 127.0.0.1, at a free port, that notes what reaches it. */
export async function serve(answer: Answer): Promise<TestServer> {
  const seen: Seen[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await read(request);
    const { method = "", url: path = "", headers, socket } = request;
    const entry = { method, path, headers, body, at: socket.localAddress ?? "" };
    seen.push(entry);
    answer(entry, response);
  };
  // A client that goes away in the middle is part of some tests.
  const server = createServer((request, response) => void take(request, response).catch(() => response.destroy()));
  const port = await listen(server);
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port, seen, close };
}

async function read(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request as AsyncIterable<Buffer>) body += chunk.toString("utf8");
  return body;
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

/** A port that hands over the first bytes of a connection and then closes it. */
export async function firstBytes(): Promise<{ readonly port: number; readonly bytes: Promise<Buffer> }> {
  const server = createRawServer();
  const bytes = new Promise<Buffer>((resolve) => {
    server.on("connection", (socket) => {
      socket.on("error", () => undefined);
      socket.once("data", (data) => {
        resolve(data);
        socket.destroy();
        server.close();
      });
    });
  });
  return { port: await listen(server), bytes };
}
