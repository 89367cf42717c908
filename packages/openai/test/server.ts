import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { chatProblem } from "./chat-rules.ts";
import { chat, chunksOf, eventsOf, responseOf, type ChatMessage, type Item } from "./rendering.ts";
import { responsesProblem } from "./responses-rules.ts";

/** What the server answers to one request. */
export type Turn =
  /** A message of Chat Completions; streamed in the usual pieces where the client asks for a stream. */
  | { readonly message: ChatMessage; readonly finish?: string }
  /** Items of the Responses API; streamed in the usual events where the client asks for a stream. */
  | { readonly output: readonly Item[]; readonly status?: string }
  /** The very chunks or events of a stream. `cut` leaves out what ends it; `broken` drops the connection. */
  | { readonly stream: readonly object[]; readonly cut?: boolean; readonly broken?: boolean };

/** What a client sent. */
export interface Request {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface LoopbackServer {
  readonly baseURL: string;
  /** What was asked, refused requests included. */
  readonly requests: readonly Request[];
  close(): Promise<void>;
}

/**
 * A provider on the loopback interface: answers with the turns of a script, one a request, and is as strict as the API about
 * calls that were left without an answer. A request beyond the script's end fails.
 */
export async function serve(...script: readonly Turn[]): Promise<LoopbackServer> {
  const requests: Request[] = [];
  const given = new Map<string, readonly Item[]>();
  let next = 0;
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const path = request.url ?? "";
      requests.push({ path, body });
      const problem = path.endsWith("/responses") ? responsesProblem(body, given) : chatProblem(body);
      if (problem !== undefined) return refuse(response, 400, problem);
      const turn = script[next];
      next += 1;
      if (turn === undefined) return refuse(response, 400, "The script has ended.");
      const id = `resp_${next}`;
      if ("output" in turn) given.set(id, [...earlier(body, given), ...turn.output]);
      return answer(response, turn, body["stream"] === true, id);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function earlier(body: Request["body"], given: ReadonlyMap<string, readonly Item[]>): readonly Item[] {
  const input = Array.isArray(body["input"]) ? (body["input"] as Item[]) : [];
  return [...(given.get(String(body["previous_response_id"])) ?? []), ...input];
}

async function readBody(request: IncomingMessage): Promise<Request["body"]> {
  let text = "";
  for await (const piece of request) text += String(piece);
  return JSON.parse(text) as Request["body"];
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ error: { message, type: "invalid_request_error", param: null, code: null } }));
}

function answer(response: ServerResponse, turn: Turn, streamed: boolean, id: string): void {
  if ("stream" in turn) return sendStream(response, turn.stream, turn);
  if ("message" in turn) {
    const finish = turn.finish ?? (turn.message.tool_calls === undefined ? "stop" : "tool_calls");
    return streamed
      ? sendStream(response, chunksOf(turn.message, finish), {})
      : sendJson(response, chat(turn.message, finish));
  }
  const whole = responseOf(id, turn.output, turn.status ?? "completed");
  return streamed ? sendStream(response, eventsOf(whole, turn.output), { cut: true }) : sendJson(response, whole);
}

function sendJson(response: ServerResponse, body: object): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function sendStream(
  response: ServerResponse,
  events: readonly object[],
  { cut = false, broken = false }: { readonly cut?: boolean; readonly broken?: boolean },
): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const event of events) {
    if ("type" in event) response.write(`event: ${String(event.type)}\n`);
    response.write(`data: ${JSON.stringify(event)}\n\n`);
  }
  if (broken) {
    // After what was written has left.
    setTimeout(() => response.destroy(), 20);
    return;
  }
  if (!cut) response.write("data: [DONE]\n\n");
  response.end();
}
