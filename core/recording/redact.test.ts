import { describe, expect, it } from "vitest";
import type { Json } from "../model/json.ts";
import { redact, redactOutput } from "./redact.ts";

const SECRET = "4111-PLANTED";
const blot = () => ({ redacted: "…" });

const inputOf = (input: Json, ...pointers: readonly string[]): Json => redact(input, pointers, blot).input;
const outputOf = (output: Json, ...pointers: readonly string[]): Json =>
  redactOutput(output, { pointers, secret: [], blot }).output;

describe("redacting", () => {
  it.each<{ readonly card: Json }>([
    { card: SECRET },
    { card: 4111 },
    { card: [{ number: SECRET }] },
    { card: [[SECRET]] },
  ])("takes what stands in the way of a path, which may hold what the path names: %j", ({ card }) => {
    expect(inputOf({ card, to: "ann" }, "/card/number")).toEqual({ card: blot(), to: "ann" });
    expect(outputOf({ card, to: "ann" }, "/card/number")).toEqual({ card: blot(), to: "ann" });
    expect(outputOf({ of: [{ card }, { card: null }] }, "/of/*/card/number")).toEqual({
      of: [{ card: blot() }, { card: null }],
    });
  });

  it("leaves what no path leads to", () => {
    const input = { card: { name: "Ann" }, cards: [{ number: 1 }, true], none: null };
    expect(redact(input, ["/card/number", "/cards/5/number", "/cards/1/number", "/none/number"], blot)).toEqual({
      input,
      met: [],
      values: [],
    });
  });

  it("takes a place that two paths name once, and nothing of what stands in its place", () => {
    expect(redact({ card: SECRET }, ["/card/number", "/card", "/card/redacted", "/*/redacted"], blot)).toEqual({
      input: { card: blot() },
      met: ["/card"],
      values: [SECRET],
    });
  });

  it.each<readonly [string, Json]>([
    ["the text of a message", { type: "tool", content: `{"card":{"number":"${SECRET}"}}` }],
    ["a text within a text", { text: JSON.stringify(JSON.stringify([{ number: SECRET }])) }],
    ["the blocks that a server gave", [{ type: "text", text: `Booked: {\n  "card": {"number":"${SECRET}"}}` }]],
  ])("keeps nothing of an output in which a path may lead into a text: %s", (_name, output) => {
    expect(outputOf(output, "/card/number")).toEqual(blot());
    expect(outputOf(output)).toEqual(output);
  });

  it("keeps texts that hold no JSON", () => {
    const output = { note: "see [1] and {x}, at [2]", card: { name: "Ann" } };
    expect(outputOf(output, "/card/number")).toEqual(output);
  });
});
