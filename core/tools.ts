import { canonicalText } from "./canonical.ts";
import { LeashError } from "./errors.ts";
import type { ToolRegistration, ToolSpec } from "./model/tool.ts";

/** The tools a leash knows. Own-property safe: names such as `constructor` are just names. */
export interface ToolRegistry {
  register(tool: ToolRegistration): ToolSpec;
  get(id: string): ToolSpec | undefined;
  list(): readonly ToolSpec[];
}

/** What makes two registrations of one name the same tool. */
const identity = ({
  id,
  schemaDigest,
  sideEffect,
  idempotent,
  counterparty,
  aliases,
  redact,
  labels,
}: ToolSpec): string =>
  canonicalText({ id, schemaDigest, sideEffect, idempotent, counterparty, aliases, redact, labels });

export function createToolRegistry(): ToolRegistry {
  const tools = new Map<string, ToolSpec>();
  return {
    register(registration) {
      const tool = complete(registration);
      const known = tools.get(tool.id);
      if (known === undefined) {
        tools.set(tool.id, tool);
        return tool;
      }
      if (identity(known) !== identity(tool)) throw taken(tool.id);
      return known;
    },
    get: (id) => tools.get(id),
    list: () => [...tools.values()],
  };
}

function complete(registration: ToolRegistration): ToolSpec {
  const id = registration.id.normalize("NFC");
  if (id.trim() === "" || id !== id.trim() || /[\p{Cc}\p{Cf}\p{Surrogate}]/u.test(id)) {
    throw new LeashError(
      "LEASH_CONFIG_INVALID",
      "A tool was registered under a name that is empty, has outer spaces or holds invisible characters. Give it a plain name.",
    );
  }
  return Object.freeze({
    origin: "host",
    aliases: [],
    schemaDigest: null,
    sideEffect: "unknown",
    idempotent: false,
    counterparty: null,
    redact: [],
    labels: { emits: [], accepts: [] },
    ...registration,
    id,
  } satisfies ToolSpec);
}

function taken(id: string): LeashError {
  return new LeashError(
    "LEASH_CONFIG_INVALID",
    `A tool named ${JSON.stringify(id)} is already registered with another schema or other properties. Two tools of one leash need two names.`,
  );
}
