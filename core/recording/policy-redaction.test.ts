import { afterEach, describe, expect, it } from "vitest";
import { createLeash } from "../leash.ts";
import type { LeashOptions } from "../leash-options.ts";
import type { Leash } from "../model/leash.ts";
import type { Policy } from "../model/policy.ts";
import type { Recording } from "../model/recording.ts";
import { loadPolicy } from "../policies.ts";
import { replay } from "../replay/replay.ts";
import { memoryStore } from "../store/memory.ts";
import type { Store } from "../store/store.ts";

const SECRET = "4111-1111-PLANTED-1111";
const TOKEN = "tok-PLANTED-9";

const opened: Leash[] = [];
afterEach(async () => {
  for (const leash of opened.splice(0)) await leash.close();
});

async function open(policy: LeashOptions["policy"], store: Store, options: Partial<LeashOptions> = {}): Promise<Leash> {
  const leash = await createLeash({ policy, store, notify: [], ...options });
  opened.push(leash);
  return leash;
}

const paying = (tools: string): { readonly text: string } => ({
  text: `leash: 1\ntools: { ${tools} }\nrules: [{ id: pay, action: pay, when: input.amount > 0, effect: allow }]\n`,
});

const CALL = { tool: "pay", input: { amount: 5, card: { number: SECRET }, payees: [{ iban: SECRET, name: "Ann" }] } };
const PATHS = "pay: { redact: [input.card.number, input.payees.*.iban, output.receipt.token] }";

/** Recordings as they lie in a store. Rows are written by this version. */
const recordingsIn = async (store: Store): Promise<readonly Recording[]> =>
  (await store.list("recording")).map(({ body }) => body as unknown as Recording);

/** Everything that a store holds of calls, as text. */
async function everythingIn(store: Store): Promise<string> {
  const kinds = ["journal", "blob", "counter", "recording", "denial", "deferral", "receipt"] as const;
  const rows = await Promise.all(kinds.map((kind) => store.list(kind, { limit: 1_000 })));
  const lines: string[] = [];
  for (const stream of await store.streams())
    for (const { line } of await store.lines(stream, 0, 1_000)) lines.push(line);
  return JSON.stringify([rows, lines]);
}

/** What another engine says, without what it calls secret. */
const withRedacts = (policy: Policy, redacts: NonNullable<Policy["redacts"]>): Policy => ({ ...policy, redacts });

describe("what a policy names under `redact`", () => {
  it.each(["enforce", "observe"] as const)("is in no record, blob or line of the log: %s", async (mode) => {
    const store = memoryStore();
    const leash = await open(paying(PATHS), store, { mode });
    leash.register({ id: "pay" });
    await leash.guard(CALL, () => ({ receipt: { token: TOKEN, at: "noon" }, ok: true }));
    await leash.attempt(CALL, () => Promise.reject(new Error(SECRET)));
    const everything = await everythingIn(store);
    expect(everything).toContain("Ann");
    expect(everything).not.toContain(SECRET);
    expect(everything).not.toContain(TOKEN);
    expect(await replay({ store, strict: true }).summary()).toMatchObject({ decisions: 2, same: 2, flips: [] });
  });

  it("leaves the rest of an output, and nothing of one that repeats it or that is one text", async () => {
    const store = memoryStore();
    const leash = await open(paying(PATHS), store);
    leash.register({ id: "pay" });
    const outputs = [{ receipt: { token: TOKEN, at: "noon" } }, { receipt: { token: TOKEN }, note: `is ${TOKEN}` }];
    for (const output of [...outputs, `{"receipt":{"token":"${TOKEN}"}}`, { receipt: null }])
      await leash.guard<unknown>(CALL, () => output);
    const kept = (await recordingsIn(store)).flatMap((each) => (each.of === "outcome" ? [each] : []));
    const digests = /^\{"redacted":"[0-9a-f]{64}"\}$/;
    const seen = kept.map(({ output, redacted }) => {
      const text = JSON.stringify(output);
      const written = digests.test(text) ? "all of it" : text.replace(/"[0-9a-f]{64}"/, "…");
      return `${written} ${redacted === true ? "redacted" : "as it was"}`;
    });
    const one = '{"receipt":{"at":"noon","token":{"redacted":…}}} redacted';
    expect(seen.toSorted((a, b) => a.localeCompare(b))).toEqual(
      [one, "all of it redacted", "all of it redacted", '{"receipt":null} as it was'].toSorted((a, b) =>
        a.localeCompare(b),
      ),
    );
  });

  it("counts under every name of a tool, and for one that nobody registered", async () => {
    const store = memoryStore();
    const leash = await open(paying("pay: { aliases: [transfer], redact: [input.card] }"), store);
    leash.register({ id: "send", aliases: ["transfer"] });
    for (const tool of ["send", "transfer", "pay"])
      await leash.attempt({ tool, input: { card: SECRET } }, () => "unused");
    expect(await recordingsIn(store)).toHaveLength(3);
    expect(await everythingIn(store)).not.toContain(SECRET);
  });

  it("adds to what the registration, the options, broader documents and a narrowed child name", async () => {
    const store = memoryStore();
    const org = "leash: 1\nlayer: org\nmode: observe\ndefault: passthrough\ntools: { pay: { redact: [input.org] } }\n";
    const own = "leash: 1\nextends: [org]\ntools: { pay: { redact: [input.own], decision: allow } }\n";
    const policy = await loadPolicy(own, { resolve: () => ({ text: org, origin: "org" }) });
    const leash = await open(policy, store, { record: { redact: ["/option"] } });
    leash.register({ id: "pay", redact: ["/registered"] });
    const child = leash.narrow({
      policy: await loadPolicy("leash: 1\ndefault: allow\ntools: { pay: { redact: [input.child] } }\n"),
    });
    const names = ["own", "org", "option", "registered", "child"];
    const input = Object.fromEntries([...names.map((name) => [name, SECRET]), ["open", "seen"]]);
    await child.guard({ tool: "pay", input }, () => "done");
    const [recording] = (await recordingsIn(store)).flatMap((each) => (each.of === "decision" ? [each] : []));
    expect(recording?.redacted?.toSorted()).toEqual(names.map((name) => `/${name}`).toSorted());
    expect(await everythingIn(store)).toContain("seen");
    expect(await everythingIn(store)).not.toContain(SECRET);
  });

  it.each([
    "pay: { redact: [input.card] }, wire: { decision: allow, redact: [output.token] }",
    "pay: { redact: [output.token] }, wire: { decision: allow, redact: [input.card] }",
  ])("follows a call whose tool was swapped: %s", async (tools) => {
    const store = memoryStore();
    const swap = "{ id: swap, action: pay, effect: allow, compute: { tool: wire } }";
    const policy = { text: `leash: 1\ntools: { ${tools} }\nrules: [${swap}]\n` };
    const leash = await open(policy, store);
    for (const id of ["pay", "wire"]) leash.register({ id });
    const outcome = await leash.attempt(
      { tool: "pay", input: { card: SECRET } },
      () => ({ token: TOKEN, card: SECRET }),
      { swap: true },
    );
    expect(outcome.kind).toBe("result");
    expect(await everythingIn(store)).not.toContain("PLANTED");
  });

  it("is what was named when the call was decided, also where another policy came while it ran", async () => {
    const store = memoryStore();
    const policy = await loadPolicy(paying("pay: { redact: [output.token] }").text);
    let names = { input: [] as string[], output: ["/token"] };
    const leash = await open(
      withRedacts(policy, () => names),
      store,
    );
    leash.register({ id: "pay" });
    await leash.guard(CALL, () => {
      names = { input: [], output: [] };
      return { token: TOKEN };
    });
    expect(await everythingIn(store)).not.toContain(TOKEN);
  });

  it("I4: is everything where an engine cannot say what it is", async () => {
    const store = memoryStore();
    const policy = withRedacts(await loadPolicy(paying("pay: {}").text), () => {
      throw new Error("down");
    });
    const leash = await open(policy, store);
    leash.register({ id: "pay" });
    expect(await leash.guard(CALL, () => ({ token: TOKEN }))).toEqual({ token: TOKEN });
    expect(await everythingIn(store)).not.toContain("PLANTED");
  });

  it("is shown to the person who is asked, who must see what will run", async () => {
    const store = memoryStore();
    const policy = { text: "leash: 1\ntools: { pay: { decision: approve, redact: [input.card] } }\n" };
    const leash = await open(policy, store);
    leash.register({ id: "pay" });
    await leash.attempt({ tool: "pay", input: { card: SECRET } }, () => "unused", { pause: "defer" });
    const [approval] = await leash.desk({ id: "ann" }).pending();
    expect(approval?.text).toContain(SECRET);
    expect(JSON.stringify(await recordingsIn(store))).not.toContain(SECRET);
  });
});
