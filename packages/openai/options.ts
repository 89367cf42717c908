import { LeashError, readOptions, type Permit, type ToolRegistration } from "@leashkit/core";
import { text } from "./members.ts";

/**
 * How a call that a person is asked about waits.
 *
 * `suspend` (default): the calls that need nobody run, and the turn comes back with a plain JSON suspension in place of outputs;
 * give it to `run` again, in this process or another one. `hold`: `run` waits. `defer`: the model is told a reference and goes
 * on; it collects the result with `leash_status`.
 */
export type PauseMode = "suspend" | "hold" | "defer";

/** The work of one tool: gets exactly the input that was decided (a custom tool its text), and the permit. */
export type Handler = (input: never, permit: Permit) => unknown;
/** The work of tools, by tool id. */
export type Handlers = Readonly<Record<string, Handler>>;

/** What you state of single tools, by tool id; wins over what the adapter knows of them. */
export type Registrations = Readonly<Record<string, Partial<Omit<ToolRegistration, "id">>>>;

/** How an interceptor works. Every option can be left out. */
export interface InterceptorOptions {
  /** The very array that is passed to the API, of either API. Its schemas are checked before the policy looks. */
  readonly tools?: readonly object[];
  /** Work by tool id: a function's or custom tool's name (`namespace.name` where it stands in one), `shell`, `local_shell`, `apply_patch`, `computer`. */
  readonly handlers?: Handlers;
  /** Default: `suspend`. */
  readonly pause?: PauseMode;
  /**
   * Where call ids are unique and come back after a restart, such as the id of the response or of the run. With it, a call that
   * is run again gives its recorded result, also after a crash. Where a server counts its call ids from nought in every answer,
   * the id of a conversation is too wide: two equal calls would be taken for one. Default: a random one for each `run`.
   */
  readonly scope?: string;
  /** The policy's session. */
  readonly session?: string;
  /** Aborts waiting, and calls that have not started. Tools see it as `permit.signal`. */
  readonly signal?: AbortSignal;
  readonly registrations?: Registrations;
  /** Schemas by tool id (Standard Schema or JSON Schema) that win over those of `tools`. */
  readonly schemas?: Readonly<Record<string, unknown>>;
  /**
   * A screenshot of the unchanged screen, as a handler of `computer` gives it. The API knows no other answer to a computer call;
   * without it a refused one is reported in `unanswerable`.
   */
  readonly screenshot?: () => unknown;
  /**
   * What becomes of a tool's own exception. `message` (default): the model reads `Error: ` and the exception's message. `throw`:
   * `run` throws it once all other calls have ended. Give a `scope` then, so that running the turn again finds what people were
   * asked meanwhile.
   */
  readonly onToolError?: "message" | "throw";
}

/** Options with their defaults; undefined means that there is none. */
export interface Settings extends Required<Omit<InterceptorOptions, "scope" | "session" | "signal" | "screenshot">> {
  readonly scope: string | undefined;
  readonly session: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly screenshot: (() => unknown) | undefined;
}

const DEFAULTS: Settings = Object.freeze({
  tools: [],
  handlers: {},
  pause: "suspend",
  scope: undefined,
  session: undefined,
  signal: undefined,
  registrations: {},
  schemas: {},
  screenshot: undefined,
  onToolError: "message",
});

/**
 * Options over their defaults.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for an unknown option or value.
 */
export function settingsOf(options?: InterceptorOptions): Settings {
  const settings = readOptions<Settings>("createInterceptor", options, DEFAULTS, {
    pause: ["suspend", "hold", "defer"],
    onToolError: ["message", "throw"],
  });
  if (!Array.isArray(settings.tools)) throw invalid("tools is not a list");
  checkScope(settings.scope, "createInterceptor");
  return settings;
}

/**
 * Under a scope that is none, a turn would run and could not be resumed.
 * @throws {LeashError} `LEASH_CONFIG_INVALID`.
 */
export function checkScope(scope: unknown, what: string): void {
  if (scope !== undefined && text(scope) === undefined) throw invalid("scope is empty or no text", what);
}

/** An option that cannot be obeyed. */
export function invalid(problem: string, what = "createInterceptor"): LeashError {
  return new LeashError("LEASH_CONFIG_INVALID", `The options for ${what} are wrong: ${problem}.`);
}
