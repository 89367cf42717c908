import { randomBytes } from "node:crypto";
import { createDesk } from "./approvals/desk.ts";
import { systemRecord } from "./audit/records.ts";
import { LeashError, PolicyInvalid } from "./errors.ts";
import { uuidv7 } from "./ids.ts";
import type { Approver } from "./model/approval.ts";
import type { Mode } from "./model/effect.ts";
import type { Desk } from "./model/leash.ts";
import type { Policy } from "./model/policy.ts";
import type { Principal } from "./model/principal.ts";
import type { Clock, Random } from "./model/runtime.ts";
import { compilePolicy, type PolicySource } from "./policies.ts";
import { stateFolder, stateLayout } from "./state.ts";
import { toBody } from "./store/envelope.ts";
import { memoryStore } from "./store/memory.ts";
import { sqliteStore } from "./store/sqlite.ts";
import type { Store } from "./store/store.ts";
import { fileKeyRing, memoryKeyRing, type KeyRing } from "./tokens/keys.ts";

/** Where state lives, as `createLeash` and `openDesk` are told. */
export interface StateOptions {
  readonly policy?: PolicySource | undefined;
  readonly store?: "memory" | "sqlite" | Store | undefined;
  readonly state?: string | undefined;
  readonly keys?: KeyRing | undefined;
  readonly audit?: { readonly file: string } | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

/** The parts that keep state. */
export interface State {
  readonly store: Store;
  /** True when `close` is ours to call. */
  readonly owned: boolean;
  readonly keys: KeyRing;
  /** This process's stream of the log. */
  readonly stream: string;
  readonly instance: string;
  readonly random: Random;
}

const SYSTEM_CLOCK: Clock = { now: () => Date.now() };

/** Opens store and keys. */
export async function openState(options: StateOptions): Promise<State> {
  const clock = options.clock ?? SYSTEM_CLOCK;
  const random = options.random ?? ((size: number): Uint8Array => randomBytes(size));
  const folder = folderOf(options);
  const store = await openStore(options, folder, clock);
  const instance = uuidv7(clock.now(), random);
  const keys =
    options.keys ??
    (folder === undefined
      ? memoryKeyRing({ clock, random })
      : fileKeyRing({ folder: stateLayout(folder).keys, clock, random }));
  return { store, owned: typeof options.store !== "object", keys, stream: instance, instance, random };
}

function folderOf({ policy, state, store }: StateOptions): string | undefined {
  if (state !== undefined) return state;
  if (store === "memory" || typeof store === "object") return undefined;
  if (typeof policy === "string") return stateFolder(policy);
  throw new LeashError(
    "LEASH_CONFIG_INVALID",
    'A policy given as text has no path to derive a state folder from. Pass `state: "<folder>"`, or `store: "memory"` for tests.',
  );
}

async function openStore(options: StateOptions, folder: string | undefined, clock: Clock): Promise<Store> {
  if (typeof options.store === "object") return options.store;
  if (options.store === "memory") {
    return memoryStore({ clock, ...(options.audit === undefined ? {} : { log: options.audit.file }) });
  }
  if (options.audit !== undefined) {
    throw new LeashError(
      "LEASH_CONFIG_INVALID",
      "`audit.file` goes with the memory store, whose log it is. Other stores keep the log themselves: use `exportLog()`.",
    );
  }
  if (folder === undefined) throw new LeashError("LEASH_CONFIG_INVALID", "The embedded store needs a state folder.");
  return sqliteStore({ file: stateLayout(folder).store, clock });
}

/** Reads the policy; one that cannot be read in full is recorded as refused and not used. */
export async function readPolicy(source: PolicySource, state: State, tenant: string): Promise<Policy> {
  try {
    const policy = await compilePolicy(source);
    await archive(policy, state, tenant);
    return policy;
  } catch (error) {
    if (error instanceof PolicyInvalid) {
      const detail = `${error.issues.length} issues`;
      await state.store.commit([], { stream: state.stream, records: [systemRecord(tenant, "policy.refused", { detail })] });
    }
    throw error;
  }
}

/** Keeps the text that later decisions name by digest. */
async function archive(policy: Policy, { store, stream }: State, tenant: string): Promise<void> {
  const known = await store.get("policy", policy.digest);
  const body = toBody({ v: 1, id: policy.id, source: policy.source } as { readonly v: 1 });
  const changes = known === undefined ? [{ kind: "policy", id: policy.digest, expect: 0, body } as const] : [];
  const loaded = systemRecord(tenant, "policy.loaded", { policy_id: policy.id, policy_digest: policy.digest });
  const append = { stream, records: [loaded] };
  const result = await store.commit(changes, append);
  // Another process archived the same text at the same moment; its copy serves both.
  if (!result.ok) await store.commit([], append);
}

/** The stricter of option and document; enforce where neither says anything. */
export function effectiveMode(option: Mode | undefined, document: Mode | undefined): Mode {
  if (option === "enforce" || document === "enforce") return "enforce";
  return option ?? document ?? "enforce";
}

/** @throws {LeashError} `LEASH_CONFIG_INVALID` for a name that is empty. */
export function completePrincipal(base: Principal, given: Partial<Principal> = {}): Principal {
  const principal = { ...base, ...given };
  for (const name of ["tenant", "subject", "agent"] as const) {
    if (typeof principal[name] !== "string" || principal[name].trim() === "") {
      throw new LeashError("LEASH_CONFIG_INVALID", `The principal's ${name} is empty. Name it: keys, records and proofs carry it.`);
    }
  }
  return Object.freeze(principal);
}

/** A desk on a state. */
export function deskOf({ store, stream, keys, random }: State, tenant: string, approver: Approver): Desk {
  return createDesk({ store, stream, keys, random, tenant }, approver);
}
