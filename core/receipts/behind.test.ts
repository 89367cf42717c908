import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { uuidv8 } from "../ids.ts";
import { createLeash } from "../leash.ts";
import type { Json } from "../model/json.ts";
import type { Leash } from "../model/leash.ts";
import type { ReceiptClaims } from "../model/receipt.ts";
import { memoryStore } from "../store/memory.ts";
import type { Kind, Store } from "../store/store.ts";
import { memoryKeyRing, type KeyRing } from "../tokens/keys.ts";
import { verifyReceipt } from "./receipt.ts";

const POLICY = `leash: 1
rules: [{ id: mail, action: mail, effect: approve, approval: { again: { uses: 3, for: 8h, vary: [input.text] } } }]
`;

let store: Store;
let keys: KeyRing;
let opened: Leash[];
beforeEach(() => {
  store = memoryStore();
  keys = memoryKeyRing({ clock: { now: Date.now }, random: randomBytes });
  opened = [];
});
afterEach(() => Promise.all(opened.map((leash) => leash.close())));

async function mailer(receipts: boolean): Promise<Leash> {
  const leash = await createLeash({ policy: { text: POLICY }, store, keys, notify: [], receipts });
  leash.register({ id: "mail" });
  opened.push(leash);
  return leash;
}

interface Circumstances {
  /** Who says yes. Default: nobody needs to. */
  readonly person?: string;
  /** With a standing yes. */
  readonly again?: true;
  /** What happens while the tool runs. */
  readonly meanwhile?: () => Promise<unknown>;
}

/** Runs a mail and gives the id of its action. */
function mail(leash: Leash, text: string, { again, meanwhile, person }: Circumstances = {}): Promise<string> {
  const call = { tool: "mail", input: { to: "ann", text }, callId: text, scope: "thread", session: "s1" };
  const answer = again === undefined ? {} : { again };
  return leash.guard(
    call,
    async (_input, permit) => {
      await meanwhile?.();
      return permit.actionId;
    },
    { onHold: ({ id }) => void leash.desk({ id: person ?? expect.fail("somebody is asked") }).approve(id, answer) },
  );
}

/** Changes the rows of a kind for which it gives something, as who can write to the database could. */
async function tamper(kind: Kind, change: (body: Record<string, Json>) => object | undefined): Promise<void> {
  for (const row of await store.list(kind)) {
    const body = change(row.body as Record<string, Json>);
    if (body !== undefined)
      await store.commit([{ kind, id: row.id, expect: row.version, body: body as Json, by: row.by }]);
  }
}

const idOf = async (person: string): Promise<string> => {
  const rows = await store.list("approval");
  const found = rows.find(({ body }) => JSON.stringify(body).includes(`"approver":"${person}"`));
  return found?.id ?? expect.fail(`${person} answered nothing`);
};

const receiptOf = async (leash: Leash, actionId: string): Promise<ReceiptClaims> =>
  verifyReceipt((await leash.receipts.get(actionId)) ?? "", leash.keySet());
const approversOf = ({ approvers }: ReceiptClaims): readonly string[] => approvers.map(({ approver }) => approver);

describe("whose yes a receipt names", () => {
  it("I3: that of the call's own approval as the log names it, whatever the row of the call says", async () => {
    const leash = await mailer(false);
    const action = await mail(leash, "one", { person: "ann" });
    await mail(leash, "two", { person: "ceo" });
    const [own, other] = [await idOf("ann"), await idOf("ceo")];
    await tamper("journal", (row) => (row["approvalId"] === own ? { ...row, approvalId: other } : undefined));
    const claims = await receiptOf(leash, action);
    expect(claims).toMatchObject({ issued_late: true, approval_id: own });
    expect(approversOf(claims)).toEqual(["ann"]);
  });

  it.each([true, false])(
    "I3: nobody's where another's approval took the place of its own (signed at once: %j)",
    async (receipts) => {
      const leash = await mailer(receipts);
      await mail(leash, "two", { person: "ceo" });
      const other = await store.get("approval", await idOf("ceo"));
      const swap = async (): Promise<void> => {
        const own = await idOf("ann");
        await tamper("approval", (row) => (row["id"] === own ? (other?.body as object) : undefined));
      };
      const claims = await receiptOf(leash, await mail(leash, "one", { person: "ann", meanwhile: swap }));
      expect(claims.issued_late === true).toBe(!receipts);
      expect(approversOf(claims)).toEqual([]);
    },
  );

  it.each([true, false])("that of the standing yes that it ran on (signed at once: %j)", async (receipts) => {
    const leash = await mailer(receipts);
    await mail(leash, "one", { person: "ann", again: true });
    const [allowance] = await leash.desk({ id: "ann" }).allowances();
    const claims = await receiptOf(leash, await mail(leash, "two"));
    expect(claims).toMatchObject({ allowance_id: allowance?.id, approval_id: allowance?.approvalId });
    // A late one knows on whose behalf a call was made from the approval of that very call alone.
    expect(claims.sub).toBe(receipts ? "default" : null);
    expect(approversOf(claims)).toEqual(["ann"]);
  });

  it.each([true, false])(
    "I3: nobody's where the standing yes was made another's (signed at once: %j)",
    async (receipts) => {
      const leash = await mailer(receipts);
      await mail(leash, "other", { person: "ceo" });
      await mail(leash, "one", { person: "ann", again: true });
      const other = await idOf("ceo");
      const meanwhile = () => tamper("allowance", (row) => ({ ...row, approvalId: other }));
      expect(approversOf(await receiptOf(leash, await mail(leash, "two", { meanwhile })))).toEqual([]);
    },
  );

  it("I3: nobody's where only the row of the call tells of a standing yes", async () => {
    const leash = await mailer(false);
    await mail(leash, "one", { person: "ceo", again: true });
    const [allowance] = await leash.desk({ id: "ceo" }).allowances();
    await leash.desk({ id: "ceo" }).revokeAllowance(allowance?.id ?? "");
    const action = await mail(leash, "two", { person: "ann" });
    const own = await idOf("ann");
    const id = allowance?.id ?? "";
    await tamper("journal", (row) => (row["approvalId"] === own ? { ...row, allowanceId: id } : undefined));
    const claims = await receiptOf(leash, action);
    expect(claims).toMatchObject({ approval_id: own });
    expect(claims.allowance_id).toBeUndefined();
    expect(approversOf(claims)).toEqual(["ann"]);
  });

  it("is none while the call runs, or has paused itself", async () => {
    const leash = await mailer(false);
    const told: (readonly string[])[] = [];
    const look = async (): Promise<void> => {
      const [row] = await store.list("journal");
      const { callKey } = (row ?? expect.fail("it runs")).body as { readonly callKey: string };
      told.push(await leash.receipts.list(uuidv8(callKey)));
    };
    const pause = new Error("pause");
    const run = async (): Promise<never> => {
      await look();
      throw pause;
    };
    const call = { tool: "mail", input: { to: "ann", text: "one" }, callId: "one", scope: "thread" };
    const onHold = ({ id }: { readonly id: string }): void => void leash.desk({ id: "ann" }).approve(id);
    await expect(leash.guard(call, run, { onHold, suspends: (error) => error === pause })).rejects.toBe(pause);
    await look();
    expect(told).toEqual([[], []]);
  });

  it("I10: takes nothing from a line of the log that was changed", async () => {
    const leash = await mailer(false);
    const action = await mail(leash, "one", { person: "ann" });
    const forging: Store = {
      ...store,
      lines: async (...asked) =>
        (await store.lines(...asked)).map((each) => ({
          ...each,
          line: each.line.replace('"type":"executed"', '"type":"failed"'),
        })),
    };
    const another = await createLeash({ policy: { text: POLICY }, store: forging, keys, notify: [] });
    opened.push(another);
    expect(await receiptOf(another, action)).toMatchObject({ outcome: "unknown", approval_id: await idOf("ann") });
  });

  it("I3: is none where the row of the call tells of the run of another one", async () => {
    const leash = await mailer(false);
    await mail(leash, "one", { person: "ann" });
    const action = await mail(leash, "two", { person: "bob" });
    const [anns, bobs] = [await idOf("ann"), await idOf("bob")];
    const entries = (await store.list("journal")).map(({ body }) => body as Record<string, Json>);
    const attempt = entries.find(({ approvalId }) => approvalId === anns)?.["attemptId"];
    await tamper("journal", (row) => (row["approvalId"] === bobs ? { ...row, attemptId: attempt } : undefined));
    expect(await leash.receipts.list(action)).toEqual([]);
    expect(await store.list("receipt")).toEqual([]);
  });
});
