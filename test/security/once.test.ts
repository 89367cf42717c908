import { expect, it } from "vitest";
import { logOf, onlyPending, testLeash } from "../support/leash.ts";

it("I2: an approval that was used says so, and its use is in the log beside the grant", async () => {
  const { leash, shop } = await testLeash(() => "approve");
  const running = leash.guard({ tool: "buy", input: {} }, shop.buy);
  const desk = leash.desk({ id: "ann" });
  const id = await onlyPending(leash);
  await desk.approve(id);
  await running;
  expect((await desk.get(id)).status).toBe("consumed");
  const types = (await logOf(leash)).filter((line) => line["approval_id"] === id).map((line) => line["type"]);
  expect(types).toEqual(["decided", "approval.opened", "approval.settled", "approval.consumed", "granted", "executed"]);
});
