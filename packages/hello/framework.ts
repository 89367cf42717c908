import { randomUUID } from "node:crypto";

// The invented framework. Throw this file away: it stands where yours is, so that the template runs and can be tested.

/** A tool: a plain object. The framework shows it to the model and checks no arguments. */
export interface HelloTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly parameters: object;
  /** `context` is absent where a program calls the tool. */
  execute(input: unknown, context?: HelloContext): Promise<unknown>;
}

/** What the framework tells a tool of the call. */
export interface HelloContext {
  readonly callId: string;
  /** The same again where a paused turn is resumed. */
  readonly turnId: string;
  /** The arguments as the model wrote them. */
  readonly written: string;
  readonly signal?: AbortSignal;
}

/** What a model proposes. */
export interface HelloCall {
  readonly id: string;
  readonly tool: string;
  readonly arguments: string;
}

/** How a turn ended. `state` is text that any process can resume. */
export type HelloTurn =
  | { readonly kind: "done"; readonly answers: readonly { readonly callId: string; readonly text: string }[] }
  | { readonly kind: "paused"; readonly state: string };

/** What a tool throws to pause the turn. */
export class HelloPause extends Error {
  override readonly name = "HelloPause";
}

interface State {
  readonly turnId: string;
  readonly calls: readonly HelloCall[];
}

/**
 * Runs the calls of one turn at once.
 * @throws what a tool throws, once all have ended.
 * @example const turn = await runTurn(tools, [{ id: "call-1", tool: "greet", arguments: '{"name":"Ann"}' }]);
 */
export async function runTurn(
  tools: readonly HelloTool[],
  calls: readonly HelloCall[],
  signal?: AbortSignal,
): Promise<HelloTurn> {
  return play(tools, { turnId: randomUUID(), calls }, signal);
}

/**
 * Proposes the calls of a paused turn again.
 * @throws {SyntaxError} where the state is none.
 * @example if (turn.kind === "paused") await resumeTurn(tools, turn.state);
 */
export async function resumeTurn(tools: readonly HelloTool[], state: string, signal?: AbortSignal): Promise<HelloTurn> {
  const read = JSON.parse(state) as Partial<State> | null;
  if (typeof read?.turnId !== "string" || !Array.isArray(read.calls)) throw new SyntaxError("This is no paused turn.");
  return play(tools, read as State, signal);
}

async function play(tools: readonly HelloTool[], turn: State, signal: AbortSignal | undefined): Promise<HelloTurn> {
  const answers = turn.calls.map((call) => answer(tools, turn.turnId, call, signal));
  const thrown = (await Promise.allSettled(answers)).filter((ended) => ended.status === "rejected");
  const failed = thrown.find(({ reason }) => !(reason instanceof HelloPause));
  if (failed !== undefined) throw failed.reason;
  if (thrown.length > 0) return { kind: "paused", state: JSON.stringify(turn) };
  return { kind: "done", answers: await Promise.all(answers) };
}

async function answer(
  tools: readonly HelloTool[],
  turnId: string,
  call: HelloCall,
  signal: AbortSignal | undefined,
): Promise<{ readonly callId: string; readonly text: string }> {
  const tool = tools.find(({ name }) => name === call.tool);
  if (tool === undefined) return { callId: call.id, text: `There is no tool ${JSON.stringify(call.tool)}.` };
  const context = { callId: call.id, turnId, written: call.arguments, ...(signal !== undefined && { signal }) };
  const result = await tool.execute(parsed(call.arguments), context);
  return { callId: call.id, text: typeof result === "string" ? result : JSON.stringify(result) };
}

/** As frameworks do it: leniently. Of two members with one name the last one wins, and malformed text is nothing. */
function parsed(written: string): unknown {
  try {
    return JSON.parse(written) as unknown;
  } catch {
    return undefined;
  }
}
