import { expect, it } from "vitest";
import { playMatrix } from "./matrix.ts";
import { SCENARIOS } from "./scenarios.ts";

it("I13: the same call gives the same decision, words, input and audit payload through every adapter", async () => {
  const rows = await playMatrix();
  expect(rows.map(({ scenario }) => scenario)).toEqual(SCENARIOS.map(({ name }) => name));
  for (const { scenario, problems } of rows)
    expect({ scenario, problems }).toEqual({ scenario, problems: { guard: "", langchain: "" } });
});
