import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createLeash,
  type InclusionProof,
  type KeySet,
  verifyCheckpoint,
  verifyInclusion,
  verifyJsonl,
} from "@leashkit/core";

const elsewhere = await mkdtemp(join(tmpdir(), "leashkit-guide-"));
const leash = await createLeash({
  policy: { text: "leash: 1\ntools: { search: { decision: allow } }\n" },
  store: "memory",
});
leash.register({ id: "search" });
await leash.guard({ tool: "search", input: { query: "lamps" } }, () => "3 results");

// #region keep
const checkpoint = await leash.checkpoint();
await writeFile(join(elsewhere, "checkpoint"), checkpoint?.note ?? ""); // where the machine of the agent cannot rewrite it
await writeFile(join(elsewhere, "public-keys.json"), JSON.stringify(leash.keySet()));
// #endregion

// #region verify
const note = await readFile(join(elsewhere, "checkpoint"), "utf8");
const keys = JSON.parse(await readFile(join(elsewhere, "public-keys.json"), "utf8")) as KeySet;
process.stdout.write(`signed: ${verifyCheckpoint(note, keys).size} records\n`); // throws unless the log's key signed it
const stored = await leash.log.verify({ checkpoint: note, keys });
process.stdout.write(`${stored.ok}: ${stored.covered} of ${stored.records} records are covered\n`);
// #endregion

// #region cut
const lines: string[] = [];
for await (const line of leash.exportLog()) lines.push(line);
const cut = await verifyJsonl(lines.slice(0, -1), { checkpoints: [note], keys });
process.stdout.write(`${cut.firstBad?.problem}\n`);
// #endregion

// #region prove
const { stream, seq } = JSON.parse(lines[1] ?? "") as { stream: string; seq: number };
const proof: InclusionProof = await leash.log.prove(stream, seq);
await writeFile(join(elsewhere, "proof.json"), JSON.stringify(proof)); // one record, for somebody who must not see the others
// #endregion

// #region check
const shown = JSON.parse(await readFile(join(elsewhere, "proof.json"), "utf8")) as InclusionProof;
const { size } = verifyInclusion(shown, keys); // throws unless this line is in the log that was signed
process.stdout.write(`record ${shown.index + 1} of ${size}: ${(JSON.parse(shown.line) as { type: string }).type}\n`);
// #endregion

await leash.close();
await rm(elsewhere, { recursive: true });
