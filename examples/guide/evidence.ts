import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLeash, verifyJsonl } from "@leashkit/core";

const folder = await mkdtemp(join(tmpdir(), "leashkit-guide-"));
const leash = await createLeash({
  policy: { text: "leash: 1\ntools: { search: { decision: allow } }\n" },
  store: "memory",
});
leash.register({ id: "search" });
await leash.guard({ tool: "search", input: { query: "lamps" } }, () => "3 results");

// #region export
const file = join(folder, "log.jsonl");
let log = "";
for await (const line of leash.exportLog()) log += `${line}\n`;
await writeFile(file, log);
await writeFile(join(folder, "public-keys.json"), JSON.stringify(leash.keySet())); // no secret is in it
// #endregion

// #region verify
const report = await verifyJsonl(await readFile(file)); // on any machine, without the store
process.stdout.write(`${JSON.stringify(report)}\n`);
// #endregion

// #region edit
const lines = log.trimEnd().split("\n");
const edited = lines.map((line, at) => (at === 1 ? line.replace('"decision":"ALLOW"', '"decision":"DENY"') : line));
process.stdout.write(`${(await verifyJsonl(edited)).firstBad?.problem}\n`);
process.stdout.write(`${(await verifyJsonl(lines.slice(1))).firstBad?.problem}\n`);
process.stdout.write(`${(await verifyJsonl(lines.slice(0, -1))).ok}\n`); // its end is cut off, and nobody can tell
// #endregion

await leash.close();
await rm(folder, { recursive: true });
