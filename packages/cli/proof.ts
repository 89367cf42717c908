import { displayName, isLeashError, type OpenLeashProofClaims, type ProofClaims, verifyProof } from "@leashkit/core";
import type { Command } from "commander";

import { EXIT, type Exit, type Finish, UsageError } from "./exit.ts";
import { type ExpectedOptions, readExpected, requireName } from "./expected.ts";
import { checkWithKeys, readJson, readText } from "./files.ts";
import { type Io, writeJson } from "./io.ts";
import type { CommonOptions } from "./state.ts";
import { readTime } from "./time.ts";

interface VerifyProofOptions extends Pick<CommonOptions, "json">, ExpectedOptions {
  readonly keys: string;
  readonly audience?: string;
  readonly at?: string;
  readonly dialect?: string;
}

/** `leash proof`. */
export function addProof(leash: Command, io: Io, finish: Finish): void {
  leash
    .command("proof")
    .description("the tokens that permitted calls carry")
    .command("verify")
    .description("check a proof offline, with the public keys of whoever made it")
    .argument("<token>", "the proof; - reads it from the standard input")
    .requiredOption("--keys <file>", "the key set of the issuer, as published")
    .option("--audience <name>", "whom it must have been made for: you")
    .option("--action <hash>", "digest of the action that it must cover")
    .option("--agent <name>", "the agent that must have been allowed")
    .option("--input <file>", "the JSON that was received with it, which it must cover")
    .option("--at <time>", "check it as of a time, ISO 8601; default: now")
    .option("--dialect <name>", "openleash: a proof of an OpenLeash server, with that server's public keys")
    .action(async (token: string, _options: unknown, command: Command) =>
      finish(await verify(io, token, command.optsWithGlobals<VerifyProofOptions>())),
    );
}

/** Exit 0 for a proof that holds, 1 for one that does not, 2 for a wrong question, 3 for keys or an input that cannot be read. */
async function verify(io: Io, stated: string, options: VerifyProofOptions): Promise<Exit> {
  const check = await readCheck(options);
  const token = (stated === "-" ? await readText("proof", stated, io) : stated).trim();
  try {
    // What is expected was looked at before: of the caller's own words only the keys are left.
    const claims = checkWithKeys(() => check(token));
    if (options.json === true) writeJson(io.stdout, { ok: true, claims });
    else io.stdout.write(`${inWords(claims)}\n`);
    return EXIT.fine;
  } catch (error) {
    if (options.json !== true || !isLeashError(error)) throw error;
    writeJson(io.stdout, { ok: false, code: error.code, message: error.message });
    return EXIT.finding;
  }
}

type AnyClaims = ProofClaims | OpenLeashProofClaims;

async function readCheck(options: VerifyProofOptions): Promise<(token: string) => AnyClaims> {
  const { at, audience, dialect } = options;
  const now = at === undefined ? {} : { now: readTime("--at", at) };
  if (dialect === undefined) {
    if (audience === undefined) throw new UsageError("say whom the proof must have been made for: --audience NAME");
    const own = { ...now, audience: requireName("--audience", audience), ...(await readExpected(options)) };
    const keys = await readJson("keys", options.keys);
    return (token) => verifyProof(token, keys, own);
  }
  if (dialect !== "openleash") throw new UsageError("--dialect takes openleash, or is left out");
  if (audience !== undefined || options.input !== undefined) {
    throw new UsageError("a proof of an OpenLeash server names neither audience nor input: say --action instead");
  }
  const expected = { ...now, ...(await readExpected(options)), dialect } as const;
  const keys = await readJson("keys", options.keys);
  return (token) => verifyProof(token, keys, expected);
}

function inWords(claims: AnyClaims): string {
  const rule = claims.matched_rule_id === null ? "no rule of its own" : `rule ${displayName(claims.matched_rule_id)}`;
  const whom = claims.iss === "leashkit" ? ` for ${displayName(claims.aud)}` : "";
  return `The proof holds: ${displayName(claims.agent_id)} was allowed ${displayName(claims.action_type)}${whom} by ${rule}, until ${claims.exp}.`;
}
