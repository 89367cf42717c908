import { execFile } from "node:child_process";
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { checkPolicy, loadPolicy, type Decision } from "@leashkit/core";
import { durable, onlyPending } from "../support/leash.ts";
import { SETTLE_MS, sleep, temporaryFolder, watchingLeash } from "../support/policy-file.ts";
import { codeOf, thrown } from "../support/thrown.ts";

const head = "leash: 1\nid: shop\n";
const ALLOW = `${head}tools: { buy: { decision: allow } }\n`;
const ASK = `${head}tools: { buy: { decision: approve } }\n`;
const DENY = `${head}tools: { buy: { decision: deny } }\n`;
const BROKEN = `${head}tools: { buy: { decision: alow } }\nrulse: []\n`;

const digestOf = async (text: string): Promise<string> => (await loadPolicy(text)).digest;
const ann = { id: "ann" };

describe("a policy that changes while calls are under way", () => {
  it("A-P3: a call that was held under the old text is denied at its use where the new one denies", async () => {
    const { leash, shop, replace, told, policyLines } = await watchingLeash(ASK);
    const running = thrown(leash.guard(durable("call-1", {}), shop.buy));
    const id = await onlyPending(leash);
    replace(DENY);
    await told("loaded");
    await leash.desk(ann).approve(id);
    expect(await running).toMatchObject({ code: "LEASH_DENIED", reasonCode: "tool_default" });
    expect(shop.orders).toEqual([]);
    expect((await policyLines()).map((line) => [line["type"], line["policy_digest"]])).toEqual([
      ["policy.loaded", await digestOf(ASK)],
      ["policy.loaded", await digestOf(DENY)],
    ]);
  });

  it("A-P3: a call that was held runs where the new text only allows more", async () => {
    const { leash, shop, replace, told } = await watchingLeash(ASK);
    const running = leash.guard(durable("call-1", {}), shop.buy);
    const id = await onlyPending(leash);
    replace(`${ASK}default: allow\n`);
    await told("loaded");
    await leash.desk(ann).approve(id);
    expect(await running).toEqual({ order: 1 });
  });

  /** Two policies that answer differently for most amounts, and what each says of one. */
  const SMALL = `${head}rules:
  - { id: small, action: buy, when: input.amount < 100, effect: allow }
  - { id: rest, action: buy, effect: approve }
`;
  const EVEN = `${head}rules:
  - { id: odd, action: buy, when: input.amount % 2 == 1, effect: deny }
  - { id: even, action: buy, effect: allow }
`;
  const saysSmall = (amount: number): string => (amount < 100 ? "allow small" : "approve rest");
  const saysEven = (amount: number): string => (amount % 2 === 1 ? "deny odd" : "allow even");

  it("A-P3: of 200 decisions around a reload each names one digest and is what that policy alone would say", async () => {
    const { leash, file } = await watchingLeash(SMALL, { watch: false });
    const says = new Map([
      [await digestOf(SMALL), saysSmall],
      [await digestOf(EVEN), saysEven],
    ]);
    const batch: Promise<readonly [number, Decision]>[] = [];
    const propose = (): void => {
      const amount = batch.length % 200;
      batch.push(leash.decide({ tool: "buy", input: { amount } }).then((decision) => [amount, decision]));
    };
    for (let count = 0; count < 50; count += 1) propose();
    writeFileSync(file, EVEN);
    const reloading = leash.reload();
    while (leash.policy.digest !== (await digestOf(EVEN)) || batch.length < 200) {
      propose();
      await sleep(1);
    }
    for (let count = 0; count < 50; count += 1) propose();
    expect(await reloading).toEqual({ changed: true, digest: await digestOf(EVEN) });
    const digests = new Set<string>();
    for (const [amount, { effect, rule, policyDigest }] of await Promise.all(batch)) {
      digests.add(policyDigest);
      expect(`${effect} ${rule}`).toBe(says.get(policyDigest)?.(amount));
    }
    expect(digests).toEqual(new Set(says.keys()));
  });

  it("A-P3: of calls guarded around a reload exactly those run that the policy they name allows", async () => {
    const { leash, shop, replace, told, events } = await watchingLeash(ALLOW);
    const outcomes: Promise<string>[] = [];
    replace(DENY);
    while (events.length === 0) {
      outcomes.push(codeOf(leash.guard({ tool: "buy", input: { n: outcomes.length } }, shop.buy)));
      await sleep(2);
    }
    await told("loaded");
    for (let count = 0; count < 20; count += 1) {
      outcomes.push(codeOf(leash.guard({ tool: "buy", input: { n: outcomes.length } }, shop.buy)));
    }
    const codes = await Promise.all(outcomes);
    const firstDenied = codes.indexOf("LEASH_DENIED");
    expect(firstDenied).toBeGreaterThan(0);
    expect(codes.slice(firstDenied).every((code) => code === "LEASH_DENIED")).toBe(true);
    expect(shop.orders).toHaveLength(firstDenied);
    expect(new Set(shop.orders.map(({ permit }) => permit.mode))).toEqual(new Set(["enforce"]));
  });
});

describe("a policy file that is being written", () => {
  /** Its first lines are a policy of their own, and a laxer one. */
  const LAX_START = `${head}default: allow\n`;
  const WHOLE = `${LAX_START}rules:\n  - { id: no-buying, action: buy, effect: deny, reason: The shop is closed. }\n`;

  /** Writes a text into the file byte by byte, the first `from` of them at once. */
  async function writeSlowly(file: string, text: string, from: number, step?: () => Promise<void>): Promise<void> {
    writeFileSync(file, text.slice(0, from));
    for (const byte of text.slice(from)) {
      await sleep(3);
      appendFileSync(file, byte);
      await step?.();
    }
  }

  it("A-P4: no call is decided by a text that is half written, though it would load and allow more", async () => {
    expect(await checkPolicy(LAX_START)).toEqual([]);
    const { leash, file, told, policyLines } = await watchingLeash(DENY);
    const seen = new Set<string>();
    await writeSlowly(file, WHOLE, 0, async () => {
      const { effect, policyDigest } = await leash.decide({ tool: "buy", input: {} });
      expect(effect).toBe("deny");
      seen.add(policyDigest);
    });
    expect(seen).toEqual(new Set([await digestOf(DENY)]));
    await told("loaded");
    expect(await leash.decide({ tool: "buy", input: {} })).toMatchObject({ rule: "no-buying" });
    const known = [await digestOf(DENY), await digestOf(WHOLE)];
    expect((await policyLines()).map((line) => line["policy_digest"])).toEqual(known);
  });

  it("A-P4: nor when the host asks for the reload in the middle of it", async () => {
    const { leash, file } = await watchingLeash(DENY, { watch: { settleMs: SETTLE_MS, intervalMs: 3_600_000 } });
    writeFileSync(file, LAX_START);
    const reloading = leash.reload();
    await writeSlowly(file, WHOLE, LAX_START.length, async () => {
      expect((await leash.decide({ tool: "buy", input: {} })).effect).toBe("deny");
    });
    expect(await reloading).toEqual({ changed: true, digest: await digestOf(WHOLE) });
  });

  it("A-P4: nor when the leash starts in the middle of it", async () => {
    const file = join(temporaryFolder(), "leash.yaml");
    writeFileSync(file, LAX_START);
    const starting = watchingLeash("", { policy: file });
    await writeSlowly(file, WHOLE, LAX_START.length);
    expect((await starting).leash.policy.digest).toBe(await digestOf(WHOLE));
  });

  it("A-P4: many quick edits are one reload", async () => {
    const { file, leash, told, events } = await watchingLeash(DENY);
    for (let edit = 0; edit < 30; edit += 1) {
      writeFileSync(file, `${head}default: ${edit % 2 === 0 ? "allow" : "approve"}\n# edit ${edit}\n`);
      await sleep(4);
    }
    writeFileSync(file, ALLOW);
    await told("loaded");
    await sleep(2 * SETTLE_MS);
    expect(events).toEqual([{ kind: "loaded", digest: await digestOf(ALLOW) }]);
    expect(leash.policy).toEqual({ id: "shop", digest: await digestOf(ALLOW) });
  });
});

describe("a policy file that is gone", () => {
  it("A-P6: every call is denied, with a record and an event, until it is back", async () => {
    const { leash, shop, file, told, events, policyLines } = await watchingLeash(ALLOW);
    const digest = await digestOf(ALLOW);
    const call = { tool: "buy", input: {} };
    await leash.guard(call, shop.buy);
    rmSync(file);
    await told("missing");
    expect(events).toEqual([{ kind: "missing", digest }]);
    expect(await thrown(leash.guard(call, shop.buy))).toMatchObject({
      code: "LEASH_DENIED",
      reasonCode: "policy_error",
      reason: "The policy's file is gone.",
    });
    expect(await leash.decide(call)).toMatchObject({ effect: "deny", policyDigest: digest, mode: "enforce" });
    expect(await codeOf(leash.reload())).toBe("LEASH_POLICY_INVALID");
    expect(shop.orders).toHaveLength(1);
    writeFileSync(file, ALLOW);
    await told("loaded");
    expect(await leash.guard(call, shop.buy)).toEqual({ order: 2 });
    expect((await policyLines()).map((line) => [line["type"], line["policy_digest"], line["detail"]])).toEqual([
      ["policy.loaded", digest, undefined],
      ["policy.refused", digest, "the policy's file is gone: every call is denied"],
      ["policy.loaded", digest, undefined],
    ]);
    expect(await leash.verifyLog()).toMatchObject({ ok: true });
  });

  it("A-P6: a yes that was given before does not run meanwhile", async () => {
    const { leash, shop, file, told } = await watchingLeash(ASK);
    const running = thrown(leash.guard(durable("call-1", {}), shop.buy));
    const id = await onlyPending(leash);
    rmSync(file);
    await told("missing");
    await leash.desk(ann).approve(id);
    expect(await running).toMatchObject({ code: "LEASH_DENIED", reasonCode: "policy_error" });
    expect(shop.orders).toEqual([]);
  });

  it("A-P6: a text that does not load does not lift the denial", async () => {
    const { leash, file, told, events } = await watchingLeash(ALLOW);
    rmSync(file);
    await told("missing");
    writeFileSync(file, BROKEN);
    await told("refused");
    expect((await leash.decide({ tool: "buy", input: {} })).effect).toBe("deny");
    rmSync(file);
    expect(await codeOf(leash.reload())).toBe("LEASH_POLICY_INVALID");
    writeFileSync(file, ALLOW);
    await told("loaded");
    expect(events.map(({ kind }) => kind)).toEqual(["missing", "refused", "loaded"]);
    expect((await leash.decide({ tool: "buy", input: {} })).effect).toBe("allow");
  });

  it("A-P6: a leash does not start without it", async () => {
    const policy = join(temporaryFolder(), "none.yaml");
    expect(await codeOf(watchingLeash("", { policy }))).toBe("LEASH_POLICY_INVALID");
  });

  it("A-P6: a file that is moved away and back within the settling time was never gone", async () => {
    const { file, replace, told, events, leash } = await watchingLeash(ALLOW);
    renameSync(file, `${file}.away`);
    await sleep(SETTLE_MS / 4);
    expect((await leash.decide({ tool: "buy", input: {} })).effect).toBe("allow");
    renameSync(`${file}.away`, file);
    await sleep(2 * SETTLE_MS);
    replace(DENY);
    await told("loaded");
    expect(events.map(({ kind }) => kind)).toEqual(["loaded"]);
  });
});

describe("a policy text that does not load", () => {
  it("I11: the last good one stays, and the same text is refused once, however often it is looked at", async () => {
    const { leash, shop, file, told, events, policyLines } = await watchingLeash(ALLOW);
    writeFileSync(file, BROKEN);
    await told("refused");
    expect(events).toMatchObject([
      { kind: "refused", digest: await digestOf(ALLOW), issues: await checkPolicy(BROKEN) },
    ]);
    expect(events).toMatchObject([{ issues: { length: 2 } }]);
    expect(await leash.guard({ tool: "buy", input: {} }, shop.buy)).toEqual({ order: 1 });
    expect(await thrown(leash.reload())).toMatchObject({ code: "LEASH_POLICY_INVALID", issues: { length: 2 } });
    utimesSync(file, new Date(), new Date());
    expect(await thrown(leash.reload())).toMatchObject({ code: "LEASH_POLICY_INVALID", issues: { length: 2 } });
    await sleep(3 * SETTLE_MS);
    expect(events).toHaveLength(1);
    const lines = await policyLines();
    expect(lines.map((line) => [line["type"], line["detail"]])).toEqual([
      ["policy.loaded", undefined],
      ["policy.refused", "2 issues"],
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/alow|rulse/u);
  });

  it("I11: another bad text is refused anew, and a good one then takes force", async () => {
    const { leash, replace, told, events } = await watchingLeash(ALLOW);
    replace(BROKEN);
    await told("refused");
    replace(`${BROKEN}# tried again\n`);
    await told("refused", 2);
    replace(DENY);
    await told("loaded");
    expect(events.map(({ kind }) => kind)).toEqual(["refused", "refused", "loaded"]);
    expect((await leash.decide({ tool: "buy", input: {} })).effect).toBe("deny");
  });

  it.each([
    ["nothing", ""],
    ["bytes that are no text", Buffer.from([0x6c, 0x65, 0xff, 0xfe, 0x61])],
    ["more than a policy may be", Buffer.alloc(9 * 1_048_576, "#")],
  ])("I11: a file that holds %s is refused", async (_, content) => {
    const { leash, file, told } = await watchingLeash(ALLOW);
    writeFileSync(file, content);
    await told("refused");
    expect(leash.policy.digest).toBe(await digestOf(ALLOW));
    expect((await leash.decide({ tool: "buy", input: {} })).effect).toBe("allow");
  });

  it("I11: what a host's listener throws changes nothing", async () => {
    const { leash, replace } = await watchingLeash(ALLOW, {
      onPolicy: () => {
        throw new Error("listener bug");
      },
    });
    replace(DENY);
    await expect.poll(async () => (await leash.decide({ tool: "buy", input: {} })).effect).toBe("deny");
  });
});

describe("a policy that extends another", () => {
  const MAIN = "leash: 1\nid: shop\nextends: [./broader/org.yaml]\ntools: { buy: { decision: allow } }\n";
  const org = (effect: string): string =>
    `leash: 1\nid: org\nrules: [{ id: org-rule, action: buy, effect: ${effect} }]\n`;

  it("A-P3: follows every document it is made of, and keeps the last good whole while one is missing", async () => {
    const folder = temporaryFolder();
    const [policy, broader] = [join(folder, "leash.yaml"), join(folder, "broader", "org.yaml")];
    mkdirSync(join(folder, "broader"));
    writeFileSync(policy, MAIN);
    writeFileSync(broader, org("approve"));
    const { leash, told, events } = await watchingLeash("", { policy });
    const effect = async (): Promise<string> => (await leash.decide({ tool: "buy", input: {} })).effect;
    expect(await effect()).toBe("approve");
    writeFileSync(broader, org("deny"));
    await told("loaded");
    expect(await effect()).toBe("deny");
    rmSync(broader);
    await told("refused");
    expect(events.at(-1)).toMatchObject({ issues: [{ code: "bad_extends", line: 3 }] });
    expect(await effect()).toBe("deny");
    writeFileSync(broader, org("allow"));
    await told("loaded", 2);
    expect(await effect()).toBe("allow");
  });
});

describe.each(["memory", "sqlite"] as const)("a watched policy over the %s store", (store) => {
  const state = (): object => (store === "sqlite" ? { store, state: join(temporaryFolder(), "state") } : { store });

  it("I11: is loaded when another file takes its place, and when it is written in place", async () => {
    const { leash, file, replace, told } = await watchingLeash(ALLOW, state());
    replace(ASK);
    await told("loaded");
    expect((await leash.decide({ tool: "buy", input: {} })).effect).toBe("approve");
    writeFileSync(file, DENY);
    await told("loaded", 2);
    expect((await leash.as({ agent: "other" }).decide({ tool: "buy", input: {} })).effect).toBe("deny");
    expect(await leash.verifyLog()).toMatchObject({ ok: true });
  });

  it("I11: is loaded when the link it lies behind is turned to another folder", async () => {
    const folder = temporaryFolder();
    const publish = (version: string, text: string): void => {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, "leash.yaml"), text);
      symlinkSync(version, join(folder, "..next"));
      renameSync(join(folder, "..next"), join(folder, "..data"));
    };
    publish("..1", ALLOW);
    const policy = join(folder, "leash.yaml");
    symlinkSync(join("..data", "leash.yaml"), policy);
    const { leash, told, events } = await watchingLeash("", { ...state(), policy });
    publish("..2", DENY);
    rmSync(join(folder, "..1"), { recursive: true });
    await told("loaded");
    expect(events).toEqual([{ kind: "loaded", digest: await digestOf(DENY) }]);
    expect((await leash.narrow({ agent: "child" }).decide({ tool: "buy", input: {} })).effect).toBe("deny");
  });
});

describe("a leash that is closed", () => {
  it("P4: looks at its policy no more", async () => {
    const { leash, file, events } = await watchingLeash(ALLOW);
    writeFileSync(file, DENY);
    await leash.close();
    await sleep(3 * SETTLE_MS);
    expect(events).toEqual([]);
    expect(leash.policy.digest).toBe(await digestOf(ALLOW));
    expect(await codeOf(leash.reload())).toBe("LEASH_STORE_UNAVAILABLE");
  });

  it("P4: watching keeps no process alive, and a start and a reload do until they are done", async () => {
    const file = join(temporaryFolder(), "leash.yaml");
    const program = `
      const { writeFileSync } = await import("node:fs");
      const { checkPolicy, createLeash } = await import(process.argv[1]);
      const [, , file, ...texts] = process.argv;
      // Loads the engine, which takes a while: the file must be a fresh one when it is read.
      await checkPolicy(texts[0]);
      writeFileSync(file, texts[0]);
      const leash = await createLeash({ policy: file, store: "memory", notify: [], watch: true });
      writeFileSync(file, texts[1]);
      console.log(JSON.stringify(await leash.reload()));
    `;
    const door = new URL("../../core/index.ts", import.meta.url).href;
    const tsx = new URL("../../node_modules/tsx/dist/loader.mjs", import.meta.url).href;
    const flags = ["--conditions=leashkit:source", "--import", tsx, "--input-type=module", "--eval", program];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, door, file, ALLOW, DENY], {
      timeout: 20_000,
    });
    expect(JSON.parse(stdout)).toEqual({ changed: true, digest: await digestOf(DENY) });
  });
});
