import { describe, expect, it } from "vitest";
import { loadArchived } from "../../core/policy/index.ts";
import { draw } from "../differential/draw.ts";
import { load } from "../differential/engine.ts";
import { layers } from "../differential/generate.ts";

describe("an archived policy", () => {
  it("has the digest and the text of the one that was archived, also where that had several documents", () => {
    for (let seed = 0; seed < 80; seed += 1) {
      const policy = load(layers(draw(seed)));
      const { digest, source } = loadArchived(policy.source);
      expect({ digest, source }).toEqual({ digest: policy.digest, source: policy.source });
    }
  });
});
