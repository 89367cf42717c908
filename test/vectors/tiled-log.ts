import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseVerifierKey } from "../../core/audit/note.ts";
import { verifyConsistency } from "../../core/audit/proofs.ts";
import { readTiledLog, type ReadTileFile } from "../../core/audit/tiles.ts";
import { createHashTree } from "../../core/audit/tree/tree.ts";
import { leafHash } from "../../core/digest.ts";
import { isLeashError } from "../../core/errors.ts";
import { expectThat, readText, refuses, type VectorSuite } from "./suite.ts";

interface SampleLog {
  readonly origin: string;
  readonly vkey: string;
  readonly entries: readonly string[];
}

/** https://github.com/transparency-dev/tessera, testdata/log: a log as another implementation wrote it. */
export const tiledLog: VectorSuite = {
  name: "C2SP tiled log",
  passesAtLeast: 34,
  run(folder) {
    const sample: SampleLog = JSON.parse(readText(folder, "tlog-tiles-sample-log", "key.json"));
    const root = join(folder, "tlog-tiles-sample-log", "log");
    const read: ReadTileFile = (path) => (existsSync(join(root, path)) ? readFileSync(join(root, path)) : undefined);
    const key = parseVerifierKey(sample.vkey);
    const names = readdirSync(root).filter((name) => name.startsWith("checkpoint."));
    const logs = names
      .map((name) => ({ name, ...readTiledLog(read, key, readText(root, name)) }))
      .sort((one, other) => one.size - other.size);
    const tree = createHashTree();
    for (const entry of sample.entries) tree.append(Buffer.from(leafHash(entry), "hex"));
    return [
      ...logs.map(({ entries, name, origin, size }) =>
        expectThat(name, () => origin === sample.origin && sameTexts(entries, sample.entries.slice(0, size))),
      ),
      ...logs.map((from) =>
        expectThat(`every later tree continues ${from.name}`, () =>
          logs
            .filter(({ size }) => from.size > 0 && size >= from.size)
            .every((to) => {
              const path = tree.consistency(from.size, to.size).map((hash) => hash.toString("hex"));
              return verifyConsistency({ from, to, path });
            }),
        ),
      ),
      expectThat("the present checkpoint", () => readTiledLog(read, key).size === sample.entries.length),
      expectThat("a changed entry is found", () => {
        const changed: ReadTileFile = (path) => {
          const bytes = read(path);
          return path.startsWith("tile/entries/") && bytes !== undefined
            ? Buffer.from(bytes.map((byte) => byte ^ 1))
            : bytes;
        };
        return refuses(
          () => readTiledLog(changed, key),
          (error) => isLeashError(error, "LEASH_LOG_INVALID"),
        );
      }),
    ];
  },
};

function sameTexts(entries: readonly Buffer[], texts: readonly string[]): boolean {
  return entries.length === texts.length && entries.every((entry, at) => entry.toString() === texts[at]);
}
