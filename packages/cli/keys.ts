import { type KeyKeeper, type PublicKey, type Purpose } from "@leashkit/core";
import { Argument, type Command } from "commander";

import { inColumns } from "./columns.ts";
import { EXIT, type Exit, type Finish } from "./exit.ts";
import { type Io, writeJson } from "./io.ts";
import { type CommonOptions, withDesk } from "./state.ts";
import { readTime } from "./time.ts";

/** What the keys of a leash are for, in the order in which they are listed. */
const PURPOSES: readonly Purpose[] = ["proof", "approval", "attestation", "receipt", "session", "checkpoint"];

/** `leash keys`. */
export function addKeys(leash: Command, io: Io, finish: Finish): void {
  const keys = leash.command("keys").description("the keys that sign");
  keys
    .command("list")
    .description("the public keys, by purpose, and which of them sign")
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
    .action(async (purpose: Purpose, _options: unknown, command: Command) =>
      finish(await rotateKey(io, purpose, command.optsWithGlobals<CommonOptions>())),
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

interface RevokeKeyOptions extends CommonOptions {
  readonly since?: string;
}

async function listKeys(io: Io, options: CommonOptions): Promise<Exit> {
  const listed = await withDesk(options, async ({ keys }) => keys.keySet().keys);
  const signing = new Set(PURPOSES.map((purpose) => signingKey(listed, purpose)?.kid));
  if (options.json === true) for (const key of listed) writeJson(io.stdout, asJson(key, signing.has(key.kid)));
  else io.stdout.write(`${table(listed, signing)}\n`);
  return EXIT.fine;
}

async function exportKeys(io: Io, options: CommonOptions): Promise<Exit> {
  writeJson(io.stdout, await withDesk(options, async ({ keys }) => keys.keySet()));
  return EXIT.fine;
}

async function rotateKey(io: Io, purpose: Purpose, options: CommonOptions): Promise<Exit> {
  const key = await withDesk(options, ({ keys }) => keys.rotate(purpose));
  if (options.json === true) writeJson(io.stdout, asJson(key, true));
  else io.stdout.write(`${key.kid} signs for ${purpose} from now on.\n${PUBLISH}\n`);
  return EXIT.fine;
}

/** Exit 1 where no key of its purpose is left: nothing can be signed then. */
async function revokeKey(io: Io, kid: string, options: RevokeKeyOptions): Promise<Exit> {
  const since = options.since === undefined ? undefined : readTime("--since", options.since);
  const { key, hasSuccessor } = await withDesk(options, ({ keys }) => revokeAt(keys, kid, since));
  if (options.json === true) writeJson(io.stdout, asJson(key, false));
  else io.stdout.write(`${key.kid} is revoked: nothing that it signed is accepted any more.\n${PUBLISH}\n`);
  if (hasSuccessor) return EXIT.fine;
  io.stderr.write(
    `leash: no key for ${key.purpose} is left, so nothing can be signed for it: leash keys rotate ${key.purpose}\n`,
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
  return { key, hasSuccessor: signingKey(keys.keySet().keys, key.purpose) !== undefined };
}

/** The newest one that is not revoked: keys are listed oldest first. */
function signingKey(keys: readonly PublicKey[], purpose: Purpose): PublicKey | undefined {
  return keys.findLast((key) => key.purpose === purpose && key.revokedAt === null);
}

function table(keys: readonly PublicKey[], signing: ReadonlySet<string | undefined>): string {
  return inColumns([
    ["PURPOSE", "ID", "MADE", "STATE"],
    ...keys.map((key) => [key.purpose, key.kid, isoTime(key.createdAt), stateOf(key, signing.has(key.kid))]),
  ]);
}

function stateOf({ revokedAt }: PublicKey, signs: boolean): string {
  if (revokedAt !== null) return `revoked since ${isoTime(revokedAt)}`;
  return signs ? "signs" : "verifies";
}

function asJson(key: PublicKey, signs: boolean): object {
  return {
    kid: key.kid,
    purpose: key.purpose,
    public_key: key.publicKey,
    created_at: isoTime(key.createdAt),
    revoked_at: key.revokedAt === null ? null : isoTime(key.revokedAt),
    signs,
  };
}

function isoTime(at: number): string {
  return new Date(at).toISOString();
}
