import { createHash } from "node:crypto";
import { seededRandom } from "@leashkit/core/testing";
import { nodeHash } from "../../../core/audit/tree/hash.ts";
import { createHashTree, type HashTree } from "../../../core/audit/tree/tree.ts";
import { holdsInclusion } from "../../../core/audit/tree/verify-paths.ts";
import type { Report, RunOptions } from "../../report.ts";
import { measure, ratio, shuffled, type Candidate } from "../measure.ts";

const RECORDS = 1_000_000;
const HASH = "one hash of two nodes";
const PROVE = "prove";
const CHECK = "check";

function treeOf(records: number): HashTree {
  const tree = createHashTree();
  for (let number = 0; number < records; number += 1) {
    tree.append(createHash("sha256").update(String(number)).digest());
  }
  return tree;
}

function candidatesFor(tree: HashTree, at: () => number): readonly Candidate[] {
  const size = tree.size;
  const [left, right] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const root = tree.root(size);
  const repeat =
    (once: () => void): Candidate["run"] =>
    (calls) => {
      for (let call = 0; call < calls; call += 1) once();
    };
  return [
    { name: HASH, calls: 20_000, run: repeat(() => void nodeHash(left, right)) },
    { name: PROVE, calls: 1_000, run: repeat(() => void tree.inclusion(at(), size)) },
    {
      name: CHECK,
      calls: 500,
      run: repeat(() => {
        const index = at();
        const leaf = createHash("sha256").update(String(index)).digest();
        if (!holdsInclusion({ index, size, leaf, path: tree.inclusion(index, size), root }))
          throw new Error("A proof fails.");
      }),
    },
  ];
}

/** A proof that a record is in a log of a million, made and checked, against the hashes that it consists of. */
export async function inclusion({ seed, budgetMs }: RunOptions, report: Report): Promise<void> {
  const random = seededRandom(seed);
  // Not a power of two, so that the right edge of the tree is ragged.
  const tree = treeOf(RECORDS);
  const measured = await measure(
    candidatesFor(tree, () => random.integer(RECORDS)),
    { rounds: 25, warmUp: 3, budgetMs, shuffle: (list) => shuffled(list, random) },
  );
  report.table(
    "An inclusion proof in a million records, in microseconds",
    measured.map(({ name, median, p25, p75, rounds }) => ({
      what: name === CHECK ? "made and checked" : name,
      median: median / 1e3,
      p25: p25 / 1e3,
      p75: p75 / 1e3,
      hashes: ratio(measured, name, HASH),
      rounds,
    })),
  );
  for (const [name, what] of [
    [PROVE, "inclusion proof"],
    [CHECK, "inclusion proof, made and checked"],
  ] as const) {
    report.target({ name: what, value: ratio(measured, name, HASH), mustBe: "at most", limit: 60, unit: "hashes" });
  }
}
