import { describe, expect, it } from "vitest";
import { isLeashError } from "../errors.ts";
import { loadArchived } from "./archive.ts";
import { loadPolicy } from "./load.ts";

describe("an archived policy", () => {
  it("is refused where it is no text of a policy", () => {
    for (const source of ['"scripted"', "{", '{"leash":2}', '{"layers":[]}']) {
      let thrown: unknown;
      try {
        loadArchived(source);
      } catch (error) {
        thrown = error;
      }
      expect(isLeashError(thrown, "LEASH_POLICY_INVALID"), source).toBe(true);
    }
  });

  it("needs none of the files that it was read from", () => {
    const policy = loadPolicy("leash: 1\nextends: [./org.yaml]\ndefault: deny\n", {
      resolve: (name) => (name === "./org.yaml" ? { text: "leash: 1\ndefault: allow\n", origin: name } : undefined),
    });
    expect(loadArchived(policy.source).digest).toBe(policy.digest);
  });
});
