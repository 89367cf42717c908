import { randomUUID } from "node:crypto";
import { argumentReader } from "../../arguments.ts";
import { deferredStatus } from "../../enforce/status.ts";
import { LeashError } from "../../errors.ts";
import type { Json } from "../../model/json.ts";
import type { Outcome } from "../../model/gate.ts";
import { parseStrictJson } from "../../strict-json.ts";
import type {
  AdapterBinding,
  BindingHost,
  CallEnding,
  HostSetup,
  ProposedCall,
  SuiteTool,
  TurnEnding,
} from "./binding.ts";

/** Core alone, in the plainest loop: what every adapter must equal. */
export const reference: AdapterBinding = {
  name: "core",
  cannot: {},
  rendered: (text) => text,
  host: referenceHost,
  pauseInside() {
    throw PAUSE;
  },
};

/** What a tool throws to pause its turn. */
const PAUSE = new Error("The tool pauses its turn.");

interface Suspended {
  readonly v: 1;
  readonly scope: string;
  readonly calls: readonly ProposedCall[];
}

function referenceHost(setup: HostSetup): BindingHost {
  const { gate } = setup;
  const tools = new Map(setup.tools.map((tool) => [tool.name, tool]));
  for (const name of tools.keys()) gate.register({ id: name });
  return {
    turn: (calls, { signal }) => play(setup, tools, { v: 1, scope: randomUUID(), calls }, signal),
    resume: async (suspension, { signal }) => play(setup, tools, readSuspended(suspension), signal),
    async status(ref) {
      const status = await deferredStatus(gate, ref, (name) => workOf(tools.get(name)));
      return status.kind === "told" ? status.text : wordsOf(String(status.result), status.notice);
    },
  };
}

async function play(
  setup: HostSetup,
  tools: ReadonlyMap<string, SuiteTool>,
  turn: Suspended,
  signal: AbortSignal | undefined,
): Promise<TurnEnding> {
  const endings: CallEnding[] = [];
  const outcomes = await Promise.all(
    turn.calls.map(async (call) => ({ call, outcome: await attemptOrPause(setup, tools, turn.scope, call, signal) })),
  );
  for (const { call, outcome } of outcomes) {
    if (outcome === "paused" || (outcome.kind === "pending" && setup.pause === "suspend")) {
      return { kind: "suspended", suspension: JSON.stringify(turn) };
    }
    if (outcome.kind === "failed" || outcome.kind === "aborted") throw outcome.error;
    const text = outcome.kind === "result" ? wordsOf(outcome.result, outcome.notice) : outcome.text;
    endings.push({ callId: call.id, text });
  }
  return { kind: "ended", calls: endings };
}

/** What was changed before the call ran comes first, then what the tool said. */
function wordsOf(result: string, notice: string | undefined): string {
  return notice === undefined ? result : `${notice}\n\n${result}`;
}

async function attemptOrPause(...call: Parameters<typeof attempt>): Promise<Outcome<string> | "paused"> {
  try {
    return await attempt(...call);
  } catch (thrown) {
    if (thrown === PAUSE) return "paused";
    throw thrown;
  }
}

async function attempt(
  { gate, pause }: HostSetup,
  tools: ReadonlyMap<string, SuiteTool>,
  scope: string,
  call: ProposedCall,
  signal: AbortSignal | undefined,
): Promise<Outcome<string>> {
  const tool = tools.get(call.tool);
  const read = await readArguments(tool, call.arguments);
  return gate.attempt(
    { tool: call.tool, callId: call.id, scope, ...read },
    async (input) => String(await workOf(tool)?.(input)),
    { pause, adapter: "core", suspends: (thrown) => thrown === PAUSE, ...(signal !== undefined && { signal }) },
  );
}

async function readArguments(
  tool: SuiteTool | undefined,
  written: string,
): Promise<{ readonly input: unknown; readonly problem?: string }> {
  let raw: Json;
  try {
    raw = parseStrictJson(written);
  } catch {
    return { input: undefined, problem: "not a JSON object" };
  }
  const read = await argumentReader(tool?.parameters)(raw);
  return read.ok ? { input: read.input } : { input: raw, problem: read.problem };
}

function workOf(tool: SuiteTool | undefined): ((input: Json) => Promise<string>) | undefined {
  return tool === undefined ? undefined : (input) => tool.run(input);
}

function readSuspended(text: string): Suspended {
  const read = parseStrictJson(text) as Partial<Suspended> | null;
  if (read?.v === 1 && typeof read.scope === "string" && Array.isArray(read.calls)) return read as Suspended;
  throw new LeashError("LEASH_INPUT_INVALID", "This is no suspension of this version. Nothing was run.");
}
