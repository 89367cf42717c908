import { readdirSync } from "node:fs";
import { join } from "node:path";
import { EMPTY_ROOT } from "../../core/audit/tree/hash.ts";
import {
  type ConsistencyClaim,
  holdsConsistency,
  holdsInclusion,
  holdsSubtreeConsistency,
  isSubtree,
} from "../../core/audit/tree/verify-paths.ts";
import { expectThat, readText, type Outcome, type VectorSuite } from "./suite.ts";

interface Vector {
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly size1: number;
  readonly size2: number;
  readonly start: number;
  readonly end: number;
  readonly size: number;
  readonly root: string;
  readonly root1: string;
  readonly root2: string;
  readonly leafHash: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

const bytes = (base64: string): Buffer => Buffer.from(base64, "base64");
const pathOf = ({ proof }: Vector): readonly Buffer[] => (proof ?? []).map(bytes);

/** A leaf of a subtree is a leaf of a tree that starts where the subtree does. */
function holdsSubtreeInclusion(vector: Vector): boolean {
  const { end, leafHash, leafIdx, root, start } = vector;
  if (!isSubtree(start, end) || leafIdx < start) return false;
  const claim = { index: leafIdx - start, size: end - start, leaf: bytes(leafHash), root: bytes(root) };
  return holdsInclusion({ ...claim, path: pathOf(vector) });
}

function claimOf(vector: Vector): ConsistencyClaim {
  const { end, root1, root2, size, start } = vector;
  return { start, end, size, subtreeRoot: bytes(root1), root: bytes(root2), path: pathOf(vector) };
}

const KINDS: Readonly<Record<string, (vector: Vector) => boolean>> = {
  inclusion: (vector) => {
    const { leafHash, leafIdx: index, root, treeSize: size } = vector;
    return holdsInclusion({ index, size, leaf: bytes(leafHash), root: bytes(root), path: pathOf(vector) });
  },
  consistency: (vector) => holdsConsistency(claimOf({ ...vector, start: 0, end: vector.size1, size: vector.size2 })),
  subtreeinclusion: holdsSubtreeInclusion,
  subtreeconsistency: (vector) => holdsSubtreeConsistency(claimOf(vector)),
};

/** https://github.com/transparency-dev/merkle, testdata: proofs that hold and proofs that must not. */
export const merkleProofs: VectorSuite = {
  name: "RFC 6962 proofs",
  passesAtLeast: 519,
  run(folder) {
    const outcomes = Object.entries(KINDS).flatMap(([kind, holds]) =>
      readdirSync(join(folder, "merkle-rfc6962", kind), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".json"))
        .map((name): Outcome => {
          const vector: Vector = JSON.parse(readText(folder, "merkle-rfc6962", kind, name));
          return expectThat(`${kind}/${name}`, () => holds(vector) === !vector.wantErr);
        }),
    );
    const empty = expectThat("the empty tree", () => EMPTY_ROOT.toString("base64") === EMPTY);
    return [...outcomes, empty];
  },
};

const EMPTY = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
