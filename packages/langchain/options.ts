import { readOptions, type ToolRegistration } from "@leashkit/core";

/** How a wrapped tool waits for a person. */
export type PauseMode = "auto" | "hold" | "interrupt" | "defer";

export interface WrapOptions {
  /**
   * What happens while a person is asked. `hold` waits inside the call, in any host. `interrupt` uses LangGraph's durable
   * pause and survives a restart; without a checkpointer it falls back to `hold`. `defer` tells the model a reference and
   * lets it go on; add `leashStatusTool` to the agent's tools. `auto` (default) is `interrupt` where the call is durable.
   *
   * Choose `hold` for sub-agents made with `checkpointer: false` (they start anew on every resume and would ask for ever) and
   * where retry middleware or a `try` around the tool swallows LangGraph's interrupt (the call then never runs).
   */
  readonly pause?: PauseMode;
  /**
   * How a refusal reaches the caller. `message` (default): a `ToolMessage` with status `error` where there is a tool call
   * id, else the typed error. `throw`: always the typed error. `return`: the text where there is no tool call id, for
   * hosts such as AgentExecutor that swallow exceptions.
   */
  readonly onDeny?: "message" | "throw" | "return";
  /**
   * Guards `_call` and `func` on the instance itself instead of on a proxy: for classes whose own methods use `#private`
   * members, which a proxy cannot reach. The tool passed in is changed. Default false.
   */
  readonly patch?: boolean;
  /**
   * Provider-run tools (plain objects such as `{ type: "web_search" }`) to let through, by `type` or `name`. They run at the
   * model's provider, where no gate can see the single call. Default none: wrapping one throws.
   */
  readonly providerTools?: readonly string[];
  /**
   * Names of tools whose class overrides `invoke` or `call` and still does its work in `_call`, where the guard stands.
   * Default none: wrapping such a tool throws, because work done in an overridden `invoke` would pass unguarded.
   */
  readonly invokeOverrides?: readonly string[];
  /** Fills in the defaults of a JSON schema before the policy looks, for servers that would fill them in later. Default false. */
  readonly applySchemaDefaults?: boolean;
  /**
   * Believes MCP's `readOnlyHint` and `idempotentHint`. They are the server's own words: set it for servers you trust only.
   * `destructiveHint` is always believed. Default false.
   */
  readonly trustAnnotations?: boolean;
  /** What you state of single tools, by tool name; wins over what the tool says of itself. */
  readonly registrations?: Readonly<Record<string, Partial<Omit<ToolRegistration, "id">>>>;
}

export type Settings = Required<WrapOptions>;

const DEFAULTS: Settings = Object.freeze({
  pause: "auto",
  onDeny: "message",
  patch: false,
  providerTools: [],
  invokeOverrides: [],
  applySchemaDefaults: false,
  trustAnnotations: false,
  registrations: {},
});

const CHOICES = {
  pause: ["auto", "hold", "interrupt", "defer"],
  onDeny: ["message", "throw", "return"],
} as const;

/**
 * Options with their defaults.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for an unknown option or value.
 */
export function settingsOf(options: WrapOptions = {}): Settings {
  return readOptions<Settings>("wrapping tools", options, DEFAULTS, CHOICES);
}
