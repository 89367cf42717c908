/** What running a tool can change outside the process. */
export type SideEffect = "none" | "read" | "write" | "unknown";

/** Data labels a tool puts on its output and takes on its input; recorded, and open to provenance rules later. */
export interface ToolLabels {
  readonly emits: readonly string[];
  readonly accepts: readonly string[];
}

/**
 * The registry's entry for a tool. A tool that is not registered is denied, also under `default: allow`.
 */
export interface ToolSpec {
  /** The one registered name, in Unicode NFC; it is what the digest covers. */
  readonly id: string;
  /** Where the tool came from: an adapter's name, an MCP server … */
  readonly origin: string;
  /** Other names the same tool goes by; a deny rule meets every one of them. */
  readonly aliases: readonly string[];
  /** SHA-256 (hex) of the tool's canonical schema, null where it has none. */
  readonly schemaDigest: string | null;
  readonly sideEffect: SideEffect;
  /** True: after a crash the call may be repeated with the same idempotency key. Default false: the outcome stays unknown. */
  readonly idempotent: boolean;
  /** Where in the input the counterparty stands, as `input.a.b`; the policy's own statement wins. */
  readonly counterparty: string | null;
  /** JSON pointers into the input that are redacted before anything is written to the log. */
  readonly redact: readonly string[];
  readonly labels: ToolLabels;
  /** Turns richer input (dates, bytes …) into plain JSON before sealing. */
  readonly encode?: (input: unknown) => unknown;
  /** The inverse of `encode`, applied to the sealed input right before the run. */
  readonly decode?: (input: unknown) => unknown;
}

/** What a registration states; everything but the name has a default. */
export type ToolRegistration = Pick<ToolSpec, "id"> & Partial<Omit<ToolSpec, "id">>;
