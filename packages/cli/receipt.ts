import { type OpenDesk, type ReceiptClaims, verifyReceipt, verifyReceiptEnvelope, visible } from "@leashkit/core";
import type { Command } from "commander";

import { inColumns } from "./columns.ts";
import { EXIT, type Exit, UsageError } from "./exit.ts";
import { type ExpectedOptions, readExpected, requireName } from "./expected.ts";
import { checkWithKeys, parseJson, readJson, readText } from "./files.ts";
import { type Io, writeJson } from "./io.ts";
import { type CommonOptions, withSigningDesk } from "./state.ts";

export interface ShowReceiptOptions extends CommonOptions {
  readonly dsse?: boolean;
}

export interface VerifyReceiptOptions extends CommonOptions, ExpectedOptions {
  readonly keys?: string;
  readonly proof?: string;
}

/** The commands about receipts. */
export function addReceipt(leash: Command, io: Io, finish: (exit: Exit) => void): void {
  const receipt = leash.command("receipt").description("what is signed of runs that ended");
  receipt
    .command("show")
    .description("the receipt of a run; signed now where that was not done yet")
    .argument("<id>", "id of the action, or of the approval behind it")
    .option("--dsse", "as an in-toto statement in a DSSE envelope")
    .action(async (id: string, _options: unknown, command: Command) =>
      finish(await showReceipt(io, id, command.optsWithGlobals<ShowReceiptOptions>())),
    );
  receipt
    .command("verify")
    .description("check a receipt, as a token or in its envelope, against published keys")
    .argument("<file>", "its file, or - for standard input")
    .requiredOption("--keys <file>", "the issuer's key set as JSON")
    .option("--proof <id>", "the jti of the proof that the run must have had")
    .option("--action <hash>", "digest of the action that must have run")
    .option("--agent <name>", "the agent that must have run it")
    .option("--input <file>", "the JSON that it must have run with")
    .action(async (file: string, _options: unknown, command: Command) =>
      finish(await checkReceipt(io, file, command.optsWithGlobals<VerifyReceiptOptions>())),
    );
}

/** `leash receipt show`: the token on a line of its own, or the envelope as JSON. */
export function showReceipt(io: Io, id: string, options: ShowReceiptOptions): Promise<Exit> {
  return withSigningDesk(options, async (open) => {
    const actionId = await actionOf(open, id);
    const found = options.dsse === true ? await open.receipts.envelope(actionId) : await open.receipts.get(actionId);
    if (found === undefined) {
      io.stderr.write(`leash: no run of ${visible(id)} has ended, as far as this store knows\n`);
      return EXIT.finding;
    }
    if (typeof found !== "string") writeJson(io.stdout, found);
    else if (options.json === true) writeJson(io.stdout, { receipt: found });
    else io.stdout.write(`${found}\n`);
    return EXIT.fine;
  });
}

const ACTION_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Ids of actions are UUIDs of version 8, those of approvals of version 7. */
async function actionOf({ desk }: OpenDesk, id: string): Promise<string> {
  return ACTION_ID.test(id) ? id : (await desk.get(id)).actionId;
}

/** `leash receipt verify`: what it says, where it holds. */
export async function checkReceipt(io: Io, file: string, options: VerifyReceiptOptions): Promise<Exit> {
  if (options.keys === undefined) throw new UsageError("say whose keys: --keys FILE");
  const proof = options.proof === undefined ? {} : { proof: requireName("--proof", options.proof) };
  const expected = { ...proof, ...(await readExpected(options)) };
  const keys = await readJson("keys", options.keys);
  const text = (await readText("receipt", file, io)).trim();
  const claims = checkWithKeys(() =>
    text.startsWith("{")
      ? verifyReceiptEnvelope(parseJson("receipt", file, text), keys, expected).predicate
      : verifyReceipt(text, keys, expected),
  );
  if (options.json === true) writeJson(io.stdout, claims);
  else io.stdout.write(`The receipt holds.\n${described(claims)}\n`);
  return EXIT.fine;
}

function described(claims: ReceiptClaims): string {
  const people = claims.approvers.map(({ approver, assurance, method }) => `${approver} (${method}, ${assurance})`);
  const nobody = claims.approval_id === null ? "(nobody was asked)" : "(not known any more)";
  const effect = claims.effect === undefined ? "" : `, effect ${claims.effect}`;
  return inColumns(
    [
      ["tool", claims.action_type],
      ["agent", [...(claims.chain ?? ["(not known any more)"]), claims.agent_id].join(" > ")],
      ["for", claims.sub ?? "(not known any more)"],
      ["outcome", `${claims.outcome}${effect}`],
      ["started", `${claims.started_at}, took ${claims.duration_ms} ms`],
      ["action", claims.action_hash],
      ["input", claims.input_hash],
      ["output", claims.output_hash ?? "(not recorded)"],
      ["rule", claims.rule ?? "(default)"],
      ["policy", claims.policy_digest],
      ["yes from", people.length === 0 ? nobody : people.join(", ")],
      ["issued", claims.issued_late === true ? `${claims.iat}, late` : claims.iat],
    ].map((row) => row.map((cell) => visible(cell))),
  );
}
