import { readOptions, type ToolRegistration } from "@leashkit/core";

/** How a wrapped tool waits for a person. */
export type PauseMode = "hold" | "suspend" | "defer";

export interface WrapOptions {
  /**
   * What happens while a person is asked. `hold` (default) waits inside the call. `suspend` pauses the turn, which survives a
   * restart; where a program calls the tool there is no turn, and it holds. `defer` tells the model a reference and lets it go on;
   * add `leashStatusTool` to the agent's tools.
   */
  readonly pause?: PauseMode;
  /** What you state of single tools, by tool name. */
  readonly registrations?: Readonly<Record<string, Partial<Omit<ToolRegistration, "id">>>>;
}

export type Settings = Required<WrapOptions>;

/**
 * Options with their defaults.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for an unknown option or value.
 */
export function settingsOf(options: WrapOptions | undefined): Settings {
  return readOptions<Settings>(
    "wrapping tools",
    options,
    { pause: "hold", registrations: {} },
    { pause: ["hold", "suspend", "defer"] },
  );
}
