import { describe, expect, it } from "vitest";
import { loadArchived } from "./archive.ts";
import { checkPolicy, loadPolicy } from "./load.ts";

const withEntry = (redact: string): string => `leash: 1\ntools:\n  pay:\n    redact: ${redact}\n`;

describe("the key `redact` of a tool", () => {
  it("names places by dots, and gives JSON pointers of input and output", () => {
    const policy = loadPolicy(
      withEntry("[input.card.number, input.payees.*.iban, input.list.0, output, output.token]"),
    );
    const redaction = {
      input: ["/card/number", "/payees/*/iban", "/list/0"],
      output: ["", "/token"],
    };
    expect(policy.redacts?.({ id: "pay", aliases: [] })).toEqual(redaction);
    expect(policy.redacts?.({ id: "other", aliases: ["pay"] })).toEqual(redaction);
    expect(policy.redacts?.({ id: "other", aliases: [] })).toEqual({ input: [], output: [] });
    expect(loadArchived(policy.source).redacts?.({ id: "pay", aliases: [] })).toEqual(redaction);
  });

  it("costs nothing where no document has it", () => {
    expect(loadPolicy("leash: 1\ntools: { pay: { decision: allow } }\n")).not.toHaveProperty("redacts");
  });

  it("names all that several documents name together, each once", () => {
    const org = "leash: 1\ntools: { pay: { redact: [input.a, input.b] } }\n";
    const policy = loadPolicy("leash: 1\nextends: [org]\ntools: { pay: { redact: [input.b, output.c] } }\n", {
      resolve: () => ({ text: org, origin: "org" }),
    });
    expect(policy.redacts?.({ id: "pay", aliases: [] })).toEqual({ input: ["/a", "/b"], output: ["/c"] });
  });

  it.each([
    ["[inptu.card]", "bad_path", 14, "did you mean `input.card`?"],
    ["[outputs.token]", "bad_path", 14, "did you mean `output.token`?"],
    ["[card.number]", "bad_path", 14, "did you mean `input.card.number`?"],
    ["[/card/number]", "bad_path", 14, "did you mean `input.card.number`?"],
    ["[input.a, input..b]", "bad_path", 23, expect.stringContaining("for example input.card.number")],
    ["[input.**]", "bad_path", 14, expect.stringContaining("for example")],
    ["[7]", "wrong_type", 14, expect.stringContaining("for example")],
    ["[]", "bad_value", 13, undefined],
    ["[input.a, input.a]", "duplicate", 13, undefined],
    ["input.a", "wrong_type", 13, undefined],
  ])("does not load as %s: line and column are named", (written, code, column, hint) => {
    const [issue, ...others] = checkPolicy(withEntry(written));
    expect(others).toEqual([]);
    expect(issue).toMatchObject({ code, line: 4, column });
    expect(issue?.pointer).toMatch(/^\/tools\/pay\/redact/);
    if (hint !== undefined) expect(issue?.hint).toEqual(hint);
  });

  it("is suggested where it is misspelt", () => {
    const [issue] = checkPolicy("leash: 1\ntools: { pay: { redcat: [input.a] } }\n");
    expect(issue).toMatchObject({ code: "unknown_key", hint: "did you mean `redact`?" });
  });
});
