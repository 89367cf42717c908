import { type KeyKeeper, type KeyState, keyState, type PublicKey, type Purpose } from "@leashkit/core";
import { Argument, type Command } from "commander";

import { inColumns } from "./columns.ts";
import { EXIT, type Exit, type Finish } from "./exit.ts";
import { type Io, writeJson } from "./io.ts";
import { type CommonOptions, withDesk } from "./state.ts";
import { readDuration, readTime } from "./time.ts";

/** What the keys of a leash are for, in the order in which they are listed. */
const PURPOSES: readonly Purpose[] = ["proof", "approval", "attestation", "receipt", "session", "checkpoint"];

/** `leash keys`. */
export function addKeys(leash: Command, io: Io, finish: Finish): void {
  const keys = leash.command("keys").description("the keys that sign");
  keys
    .command("list")
    .description("the public keys, by purpose, and which of them sign or will")
    .action(async (_options: unknown, command: Command) =>
      finish(await listKeys(io, command.optsWithGlobals<CommonOptions>())),
    );
  keys
    .command("export")
    .description("the key set as JSON, to be published: with it others check what was signed")
    .action(async (_options: unknown, command: Command) =>
      finish(await exportKeys(io, command.optsWithGlobals<CommonOptions>())),
    );
  keys
    .command("rotate")
    .description("make a new key, which signs from now on; those before it go on verifying")
    .addArgument(new Argument("<purpose>", "what it signs").choices(PURPOSES))
    .option("--activate-in <duration>", "publish it now and sign with it later, in 24h say")
    .action(async (purpose: Purpose, _options: unknown, command: Command) =>
      finish(await rotateKey(io, purpose, command.optsWithGlobals<RotateKeyOptions>())),
    );
  keys
    .command("revoke")
    .description("take a key out of use: nothing that it signed is accepted any more")
    .argument("<kid>", "its id")
    .option("--since <time>", "since when it is not to be trusted, ISO 8601; default: now")
    .action(async (kid: string, _options: unknown, command: Command) =>
      finish(await revokeKey(io, kid, command.optsWithGlobals<RevokeKeyOptions>())),
    );
}

interface RotateKeyOptions extends CommonOptions {
  readonly activateIn?: string;
}

interface RevokeKeyOptions extends CommonOptions {
  readonly since?: string;
}

async function listKeys(io: Io, options: CommonOptions): Promise<Exit> {
  const listed = await withDesk(options, async ({ keys }) => keys.keySet().keys);
  const now = Date.now();
  const stateOf = (key: PublicKey): KeyState => keyState(key, listed, now);
  if (options.json === true) for (const key of listed) writeJson(io.stdout, asJson(key, stateOf(key)));
  else io.stdout.write(`${table(listed, stateOf)}\n`);
  return EXIT.fine;
}

async function exportKeys(io: Io, options: CommonOptions): Promise<Exit> {
  writeJson(io.stdout, await withDesk(options, async ({ keys }) => keys.keySet()));
  return EXIT.fine;
}

async function rotateKey(io: Io, purpose: Purpose, options: RotateKeyOptions): Promise<Exit> {
  const { activateIn } = options;
  const activeFrom = activateIn === undefined ? undefined : Date.now() + readDuration("--activate-in", activateIn);
  const key = await withDesk(options, ({ keys }) => keys.rotate(purpose, activeFrom));
  const state = activeFrom === undefined ? "active" : "published";
  if (options.json === true) writeJson(io.stdout, asJson(key, state));
  else io.stdout.write(`${key.kid} signs for ${purpose} from ${beginOf(key) ?? "now"} on.\n${PUBLISH}\n`);
  return EXIT.fine;
}

/** Exit 1 where no key of its purpose is left: nothing can be signed then. */
async function revokeKey(io: Io, kid: string, options: RevokeKeyOptions): Promise<Exit> {
  const since = options.since === undefined ? undefined : readTime("--since", options.since);
  const { key, hasSuccessor } = await withDesk(options, ({ keys }) => revokeAt(keys, kid, since));
  if (options.json === true) writeJson(io.stdout, asJson(key, "revoked"));
  else io.stdout.write(`${key.kid} is revoked: nothing that it signed is accepted any more.\n${PUBLISH}\n`);
  if (hasSuccessor) return EXIT.fine;
  io.stderr.write(
    `leash: no key for ${key.purpose} signs now, so nothing can be signed for it: leash keys rotate ${key.purpose}\n`,
  );
  return EXIT.finding;
}

const PUBLISH = "Publish the key set anew: leash keys export";

async function revokeAt(
  keys: KeyKeeper,
  kid: string,
  since: number | undefined,
): Promise<{ readonly key: PublicKey; readonly hasSuccessor: boolean }> {
  const key = await keys.revoke(kid, since);
  const all = keys.keySet().keys;
  const now = Date.now();
  const isSuccessor = (other: PublicKey): boolean =>
    other.purpose === key.purpose && keyState(other, all, now) === "active";
  return { key, hasSuccessor: all.some(isSuccessor) };
}

function table(keys: readonly PublicKey[], stateOf: (key: PublicKey) => KeyState): string {
  return inColumns([
    ["PURPOSE", "ID", "MADE", "STATE"],
    ...keys.map((key) => [key.purpose, key.kid, isoTime(key.createdAt), inWords(key, stateOf(key))]),
  ]);
}

function inWords(key: PublicKey, state: KeyState): string {
  if (key.revokedAt !== null) return `revoked since ${isoTime(key.revokedAt)}`;
  return state === "published" ? `published, signs from ${beginOf(key)}` : state;
}

/** Undefined for a key that signed from the start. */
function beginOf({ activeFrom }: PublicKey): string | undefined {
  return activeFrom === undefined ? undefined : isoTime(activeFrom);
}

function asJson(key: PublicKey, state: KeyState): object {
  return {
    kid: key.kid,
    purpose: key.purpose,
    public_key: key.publicKey,
    created_at: isoTime(key.createdAt),
    active_from: beginOf(key) ?? isoTime(key.createdAt),
    revoked_at: key.revokedAt === null ? null : isoTime(key.revokedAt),
    state,
  };
}

function isoTime(at: number): string {
  return new Date(at).toISOString();
}
