import { afterEach, describe, expect, it } from "vitest";
import { createLeash } from "../leash.ts";
import type { LeashOptions } from "../leash-options.ts";
import type { AgainChoice, Allowance } from "../model/allowance.ts";
import type { Approval } from "../model/approval.ts";
import type { ToolCall } from "../model/call.ts";
import type { Leash } from "../model/leash.ts";
import { card } from "../approvals/display.ts";
import { offered, readChoice } from "../approvals/permitting.ts";
import { loadPolicy } from "../policy/index.ts";
import { memoryStore } from "../store/memory.ts";
import type { Store } from "../store/store.ts";
import { fakeClock } from "../testing/clock.ts";
import { sampleApproval } from "../testing/sample-approval.ts";

const POLICY = `leash: 1
rules:
  - { id: mail, action: mail, effect: approve, approval: { again: { uses: 3, for: 8h, vary: [input.text] } } }
limits: [{ id: daily, action: mail, window: 24h, max: 5, over: approve }]`;
const CALL = { tool: "mail", input: { to: "ann", text: "hello" }, session: "s1" } as const;
const HOUR = 3_600_000;

const opened: Leash[] = [];
afterEach(async () => {
  for (const leash of opened.splice(0)) await leash.close();
});

async function mailer(policy = POLICY, options: Partial<LeashOptions> = {}): Promise<Leash> {
  const leash = await createLeash({ policy: { text: policy }, notify: [], store: memoryStore(), ...options });
  leash.register({ id: "mail" });
  opened.push(leash);
  return leash;
}

const send = (leash: Leash, call: Partial<ToolCall> = {}): Promise<unknown> =>
  leash.guard({ ...CALL, ...call }, () => "sent", { pause: "defer" });

/** `sent`, or the code of what came instead, such as that a person is asked. */
const sent = (leash: Leash, call: Partial<ToolCall> = {}): Promise<unknown> =>
  send(leash, call).catch((error: { readonly code?: string }) => error.code);

/** The same with another text: no two of them are one call that waits. */
const sentAs = (leash: Leash, text: string): Promise<unknown> => sent(leash, { input: { to: "ann", text } });

async function onlyOpen(leash: Leash): Promise<Approval> {
  for (;;) {
    const [approval] = await leash.desk({ id: "ann" }).pending();
    if (approval !== undefined) return approval;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** A person sees one call and permits calls like it; that one runs on the yes to itself. */
async function permit(leash: Leash, again: true | AgainChoice = true): Promise<Approval> {
  const seen = leash.guard(CALL, () => "sent");
  const { id } = await onlyOpen(leash);
  const approval = await leash.desk({ id: "ann" }).approve(id, { again });
  expect(await seen).toBe("sent");
  return approval;
}

const onlyAllowance = async (leash: Leash): Promise<Allowance> =>
  (await leash.desk({ id: "ann" }).allowances())[0] ?? expect.fail("there is no allowance");

describe("a standing yes", () => {
  it("lets calls like the one that was seen run, so many times, and then asks again", async () => {
    const leash = await mailer();
    await permit(leash);
    const texts = ["one", "two", "three", "four"];
    const ends = [];
    for (const text of texts) ends.push(await sent(leash, { input: { to: "ann", text } }));
    expect(ends).toEqual(["sent", "sent", "sent", "LEASH_PENDING"]);
  });

  it.each<[string, Partial<ToolCall>]>([
    ["another recipient", { input: { to: "eve", text: "hello" } }],
    ["a member more", { input: { to: "ann", text: "hello", bcc: "eve" } }],
    ["another type", { input: { to: "ann", text: { html: "<p>" } } }],
    ["another session", { session: "s2" }],
  ])("is none to a call with %s", async (_what, call) => {
    const leash = await mailer();
    await permit(leash);
    expect(await sent(leash, call)).toBe("LEASH_PENDING");
  });

  it.each([
    ["another agent", { agent: "other" }],
    ["another subject", { subject: "bob" }],
    ["another tenant", { tenant: "elsewhere" }],
    ["a child of the same name", { chain: ["agent"] }],
  ])("is none to a call of %s", async (_what, principal) => {
    const leash = await mailer();
    await permit(leash);
    expect(await sent(leash.as(principal))).toBe("LEASH_PENDING");
  });

  it("is over when its time is", async () => {
    const clock = fakeClock();
    const leash = await mailer(POLICY, { clock, store: memoryStore({ clock }) });
    await permit(leash, { forMs: HOUR });
    clock.advance(HOUR - 1);
    expect(await sent(leash)).toBe("sent");
    clock.advance(1);
    expect(await sent(leash)).toBe("LEASH_PENDING");
  });

  it("dies with the text of its rule, and with the tool's schema", async () => {
    const store = memoryStore();
    const leash = await mailer(POLICY, { store });
    await permit(leash);
    const changed = await mailer(POLICY.replace("uses: 3", "uses: 4"), { store });
    expect(await sentAs(changed, "to a changed rule")).toBe("LEASH_PENDING");
    const rug = await createLeash({ policy: { text: POLICY }, notify: [], store });
    opened.push(rug);
    rug.register({ id: "mail", schemaDigest: "0".repeat(64) });
    expect(await sentAs(rug, "to another schema")).toBe("LEASH_PENDING");
    expect(await sent(leash)).toBe("sent");
  });

  it("is taken back by a person, at once", async () => {
    const leash = await mailer();
    await permit(leash);
    const { id } = await onlyAllowance(leash);
    await leash.desk({ id: "bob" }).revokeAllowance(id, { reason: "enough" });
    expect(await sent(leash)).toBe("LEASH_PENDING");
    expect(await leash.desk({ id: "ann" }).allowances()).toEqual([]);
    await expect(leash.desk({ id: "bob" }).revokeAllowance(id)).rejects.toMatchObject({ code: "LEASH_DENIED" });
  });

  it("I7: never runs more often than it says, however many calls race for it", async () => {
    const store = memoryStore();
    const leashes = await Promise.all([1, 2, 3].map(() => mailer(POLICY.replace(/limits.*/u, ""), { store })));
    await permit(leashes[0] ?? expect.fail());
    const ends = await Promise.all(
      leashes.flatMap((leash, at) => Array.from({ length: 5 }, (_, call) => sentAs(leash, `${at}-${call}`))),
    );
    expect(ends.filter((end) => end === "sent")).toHaveLength(3);
    expect(ends.filter((end) => end === "LEASH_PENDING")).toHaveLength(12);
  });

  it("counts once for a call that pauses inside and goes on, also when it is used up by then", async () => {
    const leash = await mailer();
    await permit(leash, { uses: 1 });
    const paused = new Error("interrupt");
    const call = { ...CALL, callId: "1", scope: "thread" };
    const suspends = (thrown: unknown): boolean => thrown === paused;
    const pausing = leash.guard(call, () => Promise.reject(paused), { suspends });
    await expect(pausing).rejects.toBe(paused);
    expect(await leash.guard(call, () => "sent", { suspends })).toBe("sent");
    expect(await sent(leash)).toBe("LEASH_PENDING");
  });
});

describe("a standing yes lifts one plain question", () => {
  it("and no step-up, no guard, no other rule's or document's", async () => {
    const leash = await mailer();
    await permit(leash);
    const child = (rule: string) => leash.narrow({ policy: loadPolicy(`leash: 1\nrules: [${rule}]`) });
    expect(await sentAs(child("{ id: own, action: mail, effect: allow }"), "1")).toBe("sent");
    expect(await sentAs(child("{ id: own, action: mail, effect: approve }"), "2")).toBe("LEASH_PENDING");
    expect(await sentAs(child("{ id: own, action: mail, effect: step_up }"), "3")).toBe("LEASH_PENDING");
    expect(await sentAs(child("{ id: own, action: mail, effect: deny }"), "4")).toBe("LEASH_DENIED");
  });

  it("I7: and no limit: beyond a soft one a person is asked, before it nobody", async () => {
    const leash = await mailer(POLICY.replace("uses: 3", "uses: 9"));
    await permit(leash);
    const ends = [];
    for (let call = 1; call < 6; call += 1) ends.push(await sent(leash));
    expect(ends).toEqual([...Array.from({ length: 4 }, () => "sent"), "LEASH_PENDING"]);
  });
});

describe("a question that a standing yes could never answer", () => {
  const RULE = "{ id: mail, action: mail, effect: approve, approval: { again: { uses: 3, for: 8h, session: false } } }";
  const ENTRY = "decision: approve, approval: { again: { uses: 3, for: 8h, session: false } }";
  const ASKED: readonly (readonly [string, string])[] = [
    [
      "the rule's together with an overrun",
      `rules: [${RULE}]\nlimits: [{ id: none, action: mail, window: 1h, max: 0, over: approve }]`,
    ],
    [
      "the rule's together with a guard's",
      `rules: [${RULE}]\ntools: { mail: { allowed_recipients: ["bob@x.org"], otherwise: approve } }`,
    ],
    [
      "a guard's alone",
      `rules: [{ id: own, action: mail, effect: allow }]\ntools: { mail: { allowed_recipients: ["bob@x.org"], otherwise: approve, ${ENTRY} } }`,
    ],
    [
      "a rule's that could not be decided",
      `default: allow\nrules: [${RULE.replace("effect", "when: input.absent > 1, effect")}]`,
    ],
  ];

  it.each(ASKED)("%s: offers none, takes none, and is answered by a yes to the call", async (_what, policy) => {
    const leash = await mailer(`leash: 1\n${policy}`);
    const call = { input: { to: "ann@x.org", text: "hello" } };
    const seen = leash.guard({ ...CALL, ...call }, () => "sent");
    const approval = await onlyOpen(leash);
    expect(approval.terms.again).toBeUndefined();
    expect(card(approval, { now: approval.openedAt })).not.toContain("like it");
    const desk = leash.desk({ id: "ann" });
    await expect(desk.approve(approval.id, { again: true })).rejects.toThrow("takes no standing yes");
    await desk.approve(approval.id);
    expect([await seen, await desk.allowances()]).toEqual(["sent", []]);
  });

  it("is one that another engine's policy asks beyond a limit, whatever its terms say", () => {
    const terms = { ...sampleApproval().terms, again: { uses: 3, forMs: HOUR, vary: [], session: false } };
    expect(offered(sampleApproval({ terms }))).toBeDefined();
    const beyond = sampleApproval({ terms, over: [{ limit: "daily", total: 2, max: 1 }] });
    expect([offered(beyond), readChoice("a", beyond)]).toEqual([undefined, undefined]);
  });
});

describe("an approver", () => {
  it("may permit less than the policy lets them, and not more", async () => {
    const leash = await mailer();
    const seen = leash.guard(CALL, () => "sent");
    const desk = leash.desk({ id: "ann" });
    const { id } = await onlyOpen(leash);
    for (const again of [{ uses: 4 }, { uses: 0 }, { forMs: 9 * HOUR }, { uses: 1.5 }]) {
      await expect(desk.approve(id, { again })).rejects.toMatchObject({ code: "LEASH_DENIED" });
    }
    await desk.approve(id, { again: { uses: 1 } });
    expect([await seen, await sent(leash), await sent(leash)]).toEqual(["sent", "sent", "LEASH_PENDING"]);
  });

  it.each([
    ["where the policy does not permit it", POLICY.replace(/, approval: \{.*\} \}/u, " }"), CALL],
    [
      "for a call without a session, where the policy takes it for a session only",
      POLICY,
      { ...CALL, session: undefined },
    ],
  ])("cannot give one %s", async (_what, policy, call) => {
    const leash = await mailer(policy);
    await leash
      .guard({ tool: call.tool, input: call.input, ...(call.session && { session: call.session }) }, () => "sent", {
        pause: "defer",
      })
      .catch(() => undefined);
    const desk = leash.desk({ id: "ann" });
    const [approval] = await desk.pending();
    await expect(desk.approve(approval?.id ?? "", { again: true })).rejects.toMatchObject({ code: "LEASH_DENIED" });
    expect((await desk.approve(approval?.id ?? "")).status).toBe("approved");
  });

  it("cannot give one to a list of approvals", async () => {
    const leash = await mailer();
    await send(leash).catch(() => undefined);
    const desk = leash.desk({ id: "ann" });
    const { id } = await onlyOpen(leash);
    await expect(desk.approve([id], { again: true })).rejects.toMatchObject({ code: "LEASH_DENIED" });
  });
});

describe("a row that somebody wrote", () => {
  it.each<[string, Partial<Allowance>]>([
    ["more uses", { uses: 1_000 }],
    ["a longer time", { expiresAt: Number.MAX_SAFE_INTEGER }],
    ["another shape", { shape: "0".repeat(64) }],
    ["anything that may vary", { vary: [["text"], ["to"]] }],
    ["no token", { token: "" }],
  ])("I3: with %s is no yes", async (_what, forged) => {
    const store: Store = memoryStore();
    const leash = await mailer(POLICY, { store });
    await permit(leash);
    const [row] = await store.list("allowance");
    if (row === undefined) expect.fail("there is no row");
    const body = { ...(row.body as object), ...forged };
    await store.commit([{ kind: "allowance", id: row.id, expect: row.version, body, by: row.by }]);
    expect(await sent(leash)).toBe("LEASH_PENDING");
  });
});

describe("a call that was asked about, and runs on a standing yes after that", () => {
  // Found by the simulation: seed 3030603 of the run of 2026-11-26.
  it("gives its result to whoever asks for it by the ref, as often as they do", async () => {
    const leash = await mailer();
    const asked = send(leash, { input: { to: "ann", text: "later" } });
    const { ref } = (await asked.catch((error: unknown) => error)) as { readonly ref: string };
    const away = new AbortController();
    const held = leash.collect(ref, () => "sent", { pause: "hold", signal: away.signal });
    await new Promise((resolve) => setTimeout(resolve, 20));
    away.abort();
    await expect(held).rejects.toMatchObject({ code: "LEASH_ABORTED" });
    await permit(leash);
    expect(await leash.collect(ref, () => "sent")).toBe("sent");
    expect(await leash.collect(ref, () => "sent once more")).toBe("sent");
  });
});

describe("the log", () => {
  it("has who permitted what, every use and who took it back, and the proof names the approval", async () => {
    const leash = await mailer();
    const approval = await permit(leash);
    let proof = "";
    await leash.guard(CALL, (_input, permitted) => void (proof = permitted.proof ?? ""));
    await leash.desk({ id: "bob" }).revokeAllowance((await onlyAllowance(leash)).id);
    const lines = [];
    for await (const line of leash.exportLog()) lines.push(JSON.parse(line) as Record<string, unknown>);
    const told = lines.filter(({ type }) => String(type).startsWith("allowance."));
    expect(told.map(({ type, actor_id }) => [type, actor_id])).toEqual([
      ["allowance.granted", "ann"],
      ["allowance.used", "agent"],
      ["allowance.revoked", "bob"],
    ]);
    expect(Buffer.from(proof.split(".")[2] ?? "", "base64url").toString("latin1")).toContain(approval.id);
    expect((await leash.verifyLog()).ok).toBe(true);
  });
});
