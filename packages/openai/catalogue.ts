import { argumentReader, schemaDigest, STATUS_TOOL, type ArgumentReader, type Gate } from "@leashkit/core";
import type { Call, CallKind } from "./call.ts";
import { entryOf, isObject, own, text } from "./members.ts";
import { invalid, type Handlers, type Registrations, type Settings } from "./options.ts";

/** A tool that calls may name. */
export interface KnownTool {
  readonly id: string;
  /** A call of another kind does not mean this tool. */
  readonly kind: CallKind;
  readonly read: ArgumentReader;
}

/** The tools of one interceptor, each registered with its gate. */
export interface Catalogue {
  /** Adds handlers that no description stands for: they answer function calls, or calls of the built-in tool of that name. */
  add(handlers: Handlers): void;
  /** By the registered name. */
  named(id: string): KnownTool | undefined;
  /** The tool that a call means; undefined for an unknown name and for another kind of call. */
  find(call: Call): KnownTool | undefined;
}

interface Description {
  readonly id: string;
  readonly kind: CallKind;
  readonly schema: unknown;
}

/**
 * Reads the array that is passed to the API and registers what it finds. Tools that run at the provider are left out.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for a tool without a name, two of one name, or a schema that cannot be read.
 */
export function catalogueOf(gate: Gate, settings: Settings): Catalogue {
  const known = new Map<string, KnownTool>();
  const enter = ({ id, kind, schema }: Description): void => {
    if (id === STATUS_TOOL.name && settings.pause === "defer") return;
    if (known.has(id)) throw invalid(`two of the tools are named ${JSON.stringify(id)}`);
    const stated = entryOf(settings.schemas, id);
    register(gate, id, schema, settings.registrations);
    known.set(id, { id, kind, read: stated === undefined ? readerFor(kind, schema) : argumentReader(stated) });
  };
  const add = (handlers: Handlers): void => {
    for (const [id, handler] of Object.entries<unknown>(handlers)) {
      if (typeof handler !== "function") throw invalid(`the handler ${id} is no function`);
      if (id === STATUS_TOOL.name && settings.pause === "defer") throw invalid(`${id} is the interceptor's own tool`);
      if (!known.has(id) && id.startsWith("mcp.")) throw invalid(`${id} runs at a server and takes no handler`);
      if (!known.has(id)) enter({ id, kind: entryOf(BUILT_IN, id) === id ? id : "function", schema: undefined });
    }
  };
  const servers = new Set<string>();
  for (const tool of settings.tools) {
    if (own(tool, "type") === "mcp") servers.add(text(own(tool, "server_label")) ?? "");
    else for (const description of describe(tool, undefined)) enter(description);
  }
  refuseAmbiguous([...servers]);
  add(settings.handlers);
  return {
    add,
    named: (id) => known.get(id),
    find(call) {
      if (call.kind === "mcp_approval" && servers.has(text(own(call.item, "server_label")) ?? ""))
        enterServerTool(known, call, enter);
      const tool = known.get(call.tool);
      return tool?.kind === call.kind ? tool : undefined;
    },
  };
}

/** `mcp.a.b.c` would be the tool `b.c` of the server `a`, and `c` of the server `a.b`. */
function refuseAmbiguous(labels: readonly string[]): void {
  for (const label of labels) {
    const longer = labels.find((other) => other.startsWith(`${label}.`));
    if (longer !== undefined) throw invalid(`tools of the servers ${label} and ${longer} could share a name`);
  }
}

/** Makes one tool known to the gate, with what the user states of it. */
export function register(gate: Gate, id: string, schema: unknown, registrations: Registrations): void {
  gate.register({ origin: "openai", schemaDigest: schemaDigest(schema), ...entryOf(registrations, id), id });
}

/** A server's tools are not listed beforehand; its label is. A name that the gate refuses stays unknown. */
function enterServerTool(
  known: ReadonlyMap<string, KnownTool>,
  call: Call,
  enter: (description: Description) => void,
): void {
  if (known.has(call.tool) || text(own(call.item, "name")) === undefined) return;
  try {
    enter({ id: call.tool, kind: "mcp_approval", schema: undefined });
  } catch {
    // Another tool of the leash has the name.
  }
}

/** The API's own tools that the caller's program runs, by the type of their description. They are known by their kind. */
const BUILT_IN: Readonly<Record<string, CallKind>> = {
  shell: "shell",
  local_shell: "local_shell",
  apply_patch: "apply_patch",
  computer: "computer",
  computer_use_preview: "computer",
};

function describe(tool: unknown, namespace: string | undefined): readonly Description[] {
  const type = text(own(tool, "type")) ?? "";
  if (type === "namespace") {
    const [inner, name] = [own(tool, "tools"), nameOf(tool, namespace)];
    return Array.isArray(inner) ? inner.flatMap((member) => describe(member, name)) : [];
  }
  if (type === "function" || type === "custom") {
    // Chat nests what Responses does not.
    const nested = own(tool, type);
    const body = isObject(nested) ? nested : tool;
    return [
      { id: nameOf(body, namespace), kind: type, schema: type === "function" ? own(body, "parameters") : undefined },
    ];
  }
  const builtIn = entryOf(BUILT_IN, type);
  return builtIn === undefined ? [] : [{ id: builtIn, kind: builtIn, schema: undefined }];
}

function nameOf(tool: unknown, namespace: string | undefined): string {
  const name = text(own(tool, "name"));
  if (name === undefined) throw invalid("one of the tools has no name");
  return namespace === undefined ? name : `${namespace}.${name}`;
}

/** What the API itself forms is checked when an item is read; a custom tool takes any text. */
function readerFor(kind: CallKind, schema: unknown): ArgumentReader {
  return kind === "function" ? argumentReader(schema) : async (input) => ({ ok: true, input });
}
