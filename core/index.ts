/**
 * Leashkit's core: everything an application or an adapter may know. Internals are not exported.
 * @packageDocumentation
 */
export { createLeash } from "./leash.ts";
export type { LeashOptions } from "./leash-options.ts";
export { openDesk, type OpenDesk } from "./desk.ts";
export { stateFolder } from "./state.ts";

export type * from "./model/allowance.ts";
export type * from "./model/approval.ts";
export type * from "./model/audit.ts";
export type * from "./model/call.ts";
export type * from "./model/decision.ts";
export type { Effect, Mode } from "./model/effect.ts";
export type * from "./model/facts.ts";
export type * from "./model/journal.ts";
export type * from "./model/json.ts";
export type { KeySet, PublicKey, Purpose } from "./model/keys.ts";
export type * from "./model/desk.ts";
export type * from "./model/gate.ts";
export type * from "./model/leash.ts";
export type * from "./model/log.ts";
export type * from "./model/receipt.ts";
export type * from "./model/settling.ts";
export type * from "./model/sink.ts";
export type * from "./model/permit.ts";
export type * from "./model/policy.ts";
export type * from "./model/principal.ts";
export type * from "./model/runtime.ts";
export type { Redaction } from "./model/redaction.ts";
export type { TelemetryEntry, TelemetryOptions } from "./model/telemetry.ts";
export type * from "./model/tool.ts";

export {
  ERROR_CODES,
  isLeashError,
  LeashDenied,
  LeashError,
  type LeashErrorCode,
  LeashPending,
  NoEffect,
  PolicyInvalid,
} from "./errors.ts";
export { argumentReader, type ArgumentReader, type ReadArguments, sealedText } from "./arguments.ts";
export { schemaDigest, withDefaults } from "./json-schema.ts";
export { type Choices, readOptions } from "./options.ts";
export { canonicalText, type Limits } from "./canonical.ts";
export { domainDigest, sha256Hex } from "./digest.ts";
export { parseStrictJson } from "./strict-json.ts";
export { isNarrowedFrom } from "./enforce/ancestry.ts";
export { currentPermit } from "./enforce/permit.ts";
export { refusalText } from "./enforce/refusals.ts";
export { deferredStatus, type DeferredStatus, STATUS_TOOL } from "./enforce/status.ts";
export {
  checkPolicy,
  loadPolicy,
  loadPolicyFile,
  type LoadPolicyOptions,
  type PolicySource,
  type PolicyText,
} from "./policies.ts";
export { ask, isInteractive, type Keyboard, type TerminalInput, type TerminalOutput } from "./approvals/keyboard.ts";
export { terminal, type TerminalOptions } from "./approvals/terminal.ts";
export { operatingSystemUser, type AttachedSurface, type Surface } from "./approvals/surface.ts";
export { card, decisionLine, duration, statusLine } from "./approvals/display.ts";
export { scopeInWords } from "./approvals/permitting.ts";
export { displayName, mixedScript, visible } from "./approvals/visible.ts";
export type { KeyKeeper } from "./key-keeper.ts";
export {
  type AttestationClaims,
  type AttestationExpectation,
  type AttestationInput,
  issueAttestation,
  verifyAttestation,
} from "./tokens/attestation.ts";
export type { TokenExpectation } from "./tokens/expectation.ts";
export type { IssuedToken } from "./tokens/issue.ts";
export {
  fileKeyRing,
  type KeyFolder,
  type KeyRing,
  type KeySources,
  memoryKeyRing,
  type Signer,
} from "./tokens/keys.ts";
export { type KeyState, keyState } from "./tokens/key-state.ts";
export type { ProofClaims } from "./tokens/proof.ts";
export {
  answerRequest,
  type AnswerOptions,
  checkAnswer,
  type CheckOptions,
  type Message,
} from "./exchange/exchange.ts";
export { receiptEnvelope, type ReceiptStatement, verifyReceiptEnvelope } from "./receipts/envelope.ts";
export { type ReceiptExpectation, verifyReceipt } from "./receipts/receipt.ts";
export { type Once, type TokenIdentity, useProofOnce } from "./tokens/once.ts";
export { type OpenLeashKey, type OpenLeashKeySet, openLeashKeys } from "./tokens/openleash-keys.ts";
export type { OpenLeashExpectation, OpenLeashProofClaims } from "./tokens/openleash-proof.ts";
export {
  issueSession,
  type SessionActor,
  type SessionClaims,
  type SessionExpectation,
  type SessionInput,
  verifySession,
} from "./tokens/session.ts";
export { type ProofExpectation, type TakenOnce, verifyProof } from "./tokens/verify-proof.ts";
export { agentOf, type LogEntry, type LogFilter, type LogRecord, readLog, readRecord } from "./audit/read-log.ts";
export { fileSink, type FileSinkOptions, readLogFiles } from "./audit/sinks/file.ts";
export { httpSink, type HttpSinkOptions } from "./audit/sinks/http.ts";
export { otlpSink, type OtlpSinkOptions } from "./audit/sinks/otlp.ts";
export { type KeptCheckpoints, type StreamReport, verifyJsonl, verifyLines } from "./audit/verify.ts";
export { type CheckpointExpectation, verifyCheckpoint } from "./audit/checkpoint.ts";
export { cosign, type CosignOptions, type Cosignature, verifyCosignatures, type Witness } from "./audit/cosignature.ts";
export { type NoteVerifier, parseVerifierKey, verifierKey } from "./audit/note.ts";
export { verifyConsistency, verifyInclusion } from "./audit/proofs.ts";
export { readTiledLog, type ReadTileFile } from "./audit/tiles.ts";
export { replay, type Replay, type ReplayOptions } from "./replay/replay.ts";
export type { RecordOptions } from "./recording/options.ts";
export type * from "./model/recording.ts";
export type * from "./model/replay.ts";
export type * from "./model/redrive.ts";
export { redrive, type RecordedWorld, type RedriveOptions } from "./replay/redrive.ts";
export { readRun } from "./replay/run.ts";
export { explainCall, type ExplainCallOptions, type ExplainedCall } from "./explain.ts";
export { checkGuard, type CheckGuardOptions } from "./guards.ts";
export type { Guard, Probes, Refusal } from "./policy/guards/guard.ts";
export { commandGuard, type CommandOptions } from "./policy/guards/commands.ts";
export { moneyGuard, type MoneyOptions } from "./policy/guards/money.ts";
export { pathGuard, type PathOptions } from "./policy/guards/paths.ts";
export { recipientGuard, type RecipientOptions } from "./policy/guards/recipients.ts";
export { sqlGuard, type SqlOptions } from "./policy/guards/sql.ts";
export { urlGuard, type UrlGuardOptions } from "./policy/guards/urls.ts";
export {
  signWebhook,
  verifyWebhook,
  type VerifyWebhookOptions,
  type WebhookHeaders,
  type WebhookMessage,
} from "./webhooks.ts";
export { guardedFetch, type GuardedFetchOptions } from "./guarded-fetch.ts";
export { openGuarded, type OpenGuardedOptions } from "./facts/open-guarded.ts";
export { memoryStore } from "./store/memory.ts";
export { sqliteStore } from "./store/sqlite.ts";
export type { Append, Change, CommitResult, Kind, ListQuery, LogLine, Row, Store } from "./store/store.ts";
