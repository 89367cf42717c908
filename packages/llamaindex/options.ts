import { readOptions, type ToolRegistration } from "@leashkit/core";

/** How a wrapped tool waits for a person. */
export type PauseMode = "auto" | "hold" | "suspend" | "defer";

export interface WrapOptions {
  /**
   * What happens while a person is asked. `hold` waits inside the call, in any host. `suspend` ends the `runWorkflow` around the
   * call with a suspension that survives a restart; elsewhere it falls back to `hold`, because nothing could take the call up
   * again. `auto` (default) is the same. `defer` tells the model a reference and lets it go on; add `leashStatusTool` to the
   * agent's tools. A `handOff` holds under `defer`: it cannot be made up for later.
   */
  readonly pause?: PauseMode;
  /**
   * How a refusal reaches the caller. `return` (default): as the tool's result, in words for the model. `throw`: as the typed
   * error, for programs that call tools themselves; LlamaIndex would show a model its message, so that holds the same words and
   * the original is its `cause`. A refused `handOff` always throws: LlamaIndex takes what it returns for the final answer.
   */
  readonly onDeny?: "return" | "throw";
  /**
   * Where the model's call ids are unique and come back after a restart, such as a conversation's turn: the same call then runs
   * once. Never one that several turns share: some providers count their ids anew in each. Within `runWorkflow` the run's own
   * counts instead. Default: none, every call is a new one.
   */
  readonly scope?: string;
  /** The session that the policy may know the calls by. Default none. */
  readonly session?: string;
  /** Aborts waits, and calls that have not started. Default none: an approval's own expiry ends every wait. */
  readonly signal?: AbortSignal;
  /** What you state of single tools, by tool name; wins over what the tool says of itself. */
  readonly registrations?: Readonly<Record<string, Partial<Omit<ToolRegistration, "id">>>>;
}

export interface LeashToolOptions extends WrapOptions {
  /**
   * The schema that arguments are read by before the policy looks, in the place of the tool's own. Needed for refinements of
   * zod before 4.2, which LlamaIndex does not hand on. The tool parses once more by its own schema: one that changes its own
   * output is refused, and for `leashedTool`.
   */
  readonly parameters?: unknown;
}

export interface Settings {
  readonly pause: PauseMode;
  readonly onDeny: "return" | "throw";
  readonly scope: string | undefined;
  readonly session: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly registrations: NonNullable<WrapOptions["registrations"]>;
}

const DEFAULTS: Settings = Object.freeze({
  pause: "auto",
  onDeny: "return",
  scope: undefined,
  session: undefined,
  signal: undefined,
  registrations: {},
});

const CHOICES = {
  pause: ["auto", "hold", "suspend", "defer"],
  onDeny: ["return", "throw"],
} as const;

/**
 * Options with their defaults.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for an unknown option or value.
 */
export function settingsOf(options: WrapOptions | undefined): Settings {
  return readOptions<Settings>("wrapping tools", options, DEFAULTS, CHOICES);
}
