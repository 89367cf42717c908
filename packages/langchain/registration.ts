import { schemaDigest, type Gate, type SideEffect, type ToolSpec } from "@leashkit/core";
import { toJsonSchema } from "@langchain/core/utils/json_schema";
import type { Settings } from "./options.ts";

/** What a tool says of itself. */
export interface Describable {
  readonly name: string;
  readonly schema?: unknown;
  readonly metadata?: unknown;
}

/** Makes a tool known to the gate under its own name. */
export function registerTool(tool: Describable, gate: Gate, settings: Settings): ToolSpec {
  const stated = Object.hasOwn(settings.registrations, tool.name) ? settings.registrations[tool.name] : undefined;
  return gate.register({
    origin: "langchain",
    schemaDigest: schemaDigest(jsonSchemaOf(tool.schema)),
    ...annotated(tool.metadata, settings.trustAnnotations),
    ...stated,
    id: tool.name.normalize("NFC"),
  });
}

/** Undefined where the schema has no JSON form (a zod date, say): then it cannot tell two tools of one name apart. */
function jsonSchemaOf(schema: unknown): unknown {
  if (schema === undefined || schema === null) return undefined;
  try {
    return toJsonSchema(schema as Parameters<typeof toJsonSchema>[0]);
  } catch {
    return undefined;
  }
}

/** MCP's tool annotations. They come from the server, so those that make a tool look harmless need the host's trust. */
function annotated(metadata: unknown, trusted: boolean): { sideEffect?: SideEffect; idempotent?: boolean } {
  const { readOnlyHint, destructiveHint, idempotentHint } = annotationsOf(metadata);
  const sideEffect = destructiveHint === true ? "write" : trusted && readOnlyHint === true ? "read" : undefined;
  return {
    ...(sideEffect !== undefined && { sideEffect }),
    ...(trusted && idempotentHint === true && { idempotent: true }),
  };
}

function annotationsOf(metadata: unknown): Readonly<Record<string, unknown>> {
  if (typeof metadata !== "object" || metadata === null || !("annotations" in metadata)) return {};
  const { annotations } = metadata;
  return typeof annotations === "object" && annotations !== null ? { ...annotations } : {};
}
