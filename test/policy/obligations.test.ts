import { describe, expect, it } from "vitest";
import { createLeash, isLeashError, type LeashOptions, type ObligationHandler } from "@leashkit/core";
import { logOf } from "../support/leash.ts";

const POLICY = `leash: 1
rules:
  - id: paid
    action: buy
    effect: allow
    obligations: [{ type: notify, params: { to: security } }, { type: report, at: after }]
`;

interface Told {
  readonly type: string;
  readonly outcome: string | null;
  readonly input: unknown;
}

async function leashWith(handlers: Readonly<Record<string, ObligationHandler>>, more: Partial<LeashOptions> = {}) {
  return createLeash({ policy: { text: POLICY }, store: "memory", notify: [], obligations: handlers, ...more });
}

function recorder(fail: (type: string) => boolean = () => false) {
  const told: Told[] = [];
  const handler: ObligationHandler = ({ type }, { outcome, input }) => {
    told.push({ type, outcome, input });
    if (fail(type)) throw new Error(`no ${type}`);
  };
  return { told, handlers: { notify: handler, report: handler } };
}

const CALL = { tool: "buy", input: { n: 1 } };

describe("obligations", () => {
  it("are fulfilled before and after the run, with what runs", async () => {
    const { told, handlers } = recorder();
    const leash = await leashWith(handlers);
    leash.register({ id: "buy" });
    await leash.guard(CALL, () => told.push({ type: "run", outcome: null, input: CALL.input }));
    expect(told).toEqual([
      { type: "notify", outcome: null, input: { n: 1 } },
      { type: "run", outcome: null, input: { n: 1 } },
      { type: "report", outcome: "done", input: { n: 1 } },
    ]);
  });

  it("I4: that fail before the run stop it, and nothing has happened", async () => {
    const { handlers } = recorder((type) => type === "notify");
    const leash = await leashWith(handlers);
    leash.register({ id: "buy" });
    let ran = 0;
    const outcome = await leash.attempt(CALL, () => (ran += 1));
    expect(ran).toBe(0);
    expect(outcome).toMatchObject({
      kind: "refused",
      error: { code: "LEASH_DENIED", reasonCode: "obligation_failed" },
    });
    expect((await logOf(leash)).map(({ type }) => type)).toContain("failed");
    expect(JSON.stringify(await logOf(leash))).not.toContain("no notify");
  });

  it("that fail after the run are recorded, and the result stands", async () => {
    const { handlers } = recorder((type) => type === "report");
    const leash = await leashWith(handlers);
    leash.register({ id: "buy" });
    expect(await leash.guard(CALL, () => "bought")).toBe("bought");
    expect((await logOf(leash)).at(-1)).toMatchObject({
      type: "obligation.failed",
      detail: "report",
      action_type: "buy",
    });
  });

  it("after the run hear how it ended", async () => {
    const { told, handlers } = recorder();
    const leash = await leashWith(handlers);
    leash.register({ id: "buy" });
    await expect(
      leash.guard(CALL, () => {
        throw new Error("out of stock");
      }),
    ).rejects.toThrow("out of stock");
    expect(told.map(({ type, outcome }) => [type, outcome])).toEqual([
      ["notify", null],
      ["report", "failed"],
    ]);
  });

  it("I4: without a handler refuse to start, whichever is missing", async () => {
    for (const handlers of [{}, { notify: () => undefined }]) {
      const started = leashWith(handlers).catch((error: unknown) => error);
      expect(isLeashError(await started, "LEASH_CONFIG_INVALID")).toBe(true);
      expect(String(await started)).toContain("report");
    }
  });

  it("I12: are not asked for under observe", async () => {
    const { told, handlers } = recorder();
    const leash = await leashWith(handlers, {
      policy: { text: POLICY.replace("leash: 1", "leash: 1\nmode: observe") },
      mode: "observe",
    });
    leash.register({ id: "buy" });
    await leash.guard(CALL, () => "bought");
    expect(told).toEqual([]);
  });
});

describe("what a policy uses and this version does not have", () => {
  it.each([
    [
      "channels",
      "rules: [{ id: r, action: buy, effect: approve, approval: { notify: ['ntfy://n.example/x'] } }]",
      "notify",
    ],
  ])("I4: refuses to start: %s", async (_what, text, word) => {
    const started = createLeash({ policy: { text: `leash: 1\n${text}` }, store: "memory", notify: [] });
    await expect(started).rejects.toMatchObject({
      code: "LEASH_CONFIG_INVALID",
      message: expect.stringContaining(word) as string,
    });
  });

  it("starts under observe, where nobody is asked and nothing denied", async () => {
    const rule = "{ id: r, action: buy, effect: approve, approval: { notify: ['ntfy://n.example/x'] } }";
    const text = `leash: 1\nmode: observe\nrules: [${rule}]`;
    await expect(createLeash({ policy: { text }, mode: "observe", store: "memory" })).resolves.toBeDefined();
  });
});
