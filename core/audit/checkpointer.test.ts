import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openDesk } from "../desk.ts";
import { isLeashError, LeashError } from "../errors.ts";
import { createLeash } from "../leash.ts";
import type { LeashOptions } from "../leash-options.ts";
import type { Leash } from "../model/leash.ts";
import { verifyCheckpoint } from "./checkpoint.ts";
import { keepCheckpointed } from "./checkpointer.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "leash-checkpoints-"));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

async function open(options: Partial<LeashOptions> = {}): Promise<Leash> {
  const policy = { text: "leash: 1\ntools: { search: { decision: allow } }\n" };
  const leash = await createLeash({ policy, state: join(folder, "state"), ...options });
  leash.register({ id: "search" });
  return leash;
}

const search = (leash: Leash) => leash.guard({ tool: "search", input: {} }, () => "found");

describe("checkpoints that are taken by themselves", () => {
  it("I10: cover the whole log when the leash is closed, over restarts, in one tree", async () => {
    let origin: string | undefined;
    for (let start = 1; start <= 3; start += 1) {
      const leash = await open();
      await search(leash);
      await leash.close();
      const desk = await openDesk({ state: join(folder, "state"), approver: { id: "ann" } });
      const report = await desk.verifyLog();
      expect(report).toMatchObject({ ok: true, checkpoints: start, streams: start });
      expect(report.covered).toBe(report.records);
      const last = await desk.log.checkpoint();
      expect(last?.origin).toBe((origin ??= last?.origin));
      await desk.close();
    }
  });

  it("are taken while it runs, when the log has grown, and by `checkpoint()` at once", async () => {
    const leash = await open({ store: "memory", audit: { checkpointEveryMs: 20 } });
    await search(leash);
    const { records } = await leash.verifyLog();
    await vi.waitFor(async () => expect(await leash.verifyLog()).toMatchObject({ covered: records }));
    const { checkpoints } = await leash.verifyLog();
    await sleep(100);
    expect(await leash.verifyLog()).toMatchObject({ checkpoints });
    await search(leash);
    const taken = await leash.checkpoint();
    expect(verifyCheckpoint(taken?.note ?? "", leash.keySet())).toEqual(taken);
    await leash.close();
  });

  it("are those of the one leash, not of one for another principal", async () => {
    const leash = await open({ store: "memory" });
    const child = leash.as({ agent: "child" });
    await search(child);
    await child.close();
    expect(await leash.verifyLog()).toMatchObject({ checkpoints: 0 });
    expect(await child.checkpoint()).toEqual(await leash.checkpoint());
    await leash.close();
  });

  it("wait for no timer: a closed leash takes none any more", async () => {
    let taken = 0;
    const checkpoint = () => {
      taken += 1;
      return Promise.resolve(null);
    };
    const checkpointer = keepCheckpointed({ checkpoint }, 5);
    await vi.waitFor(() => expect(taken).toBeGreaterThan(2));
    await checkpointer.stop();
    const atStop = taken;
    await sleep(50);
    expect(taken).toBe(atStop);
  });

  it("warn when the log does not hold, and not when the store is away", async () => {
    const warning = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const failing = async (error: Error): Promise<void> => {
      const checkpoint = async (): Promise<never> => {
        throw error;
      };
      await keepCheckpointed({ checkpoint }, 60_000).stop();
    };
    await failing(new LeashError("LEASH_STORE_UNAVAILABLE", "away"));
    expect(warning).not.toHaveBeenCalled();
    await failing(new LeashError("LEASH_LOG_INVALID", "line 4"));
    expect(warning).toHaveBeenCalledWith(expect.stringContaining("line 4"), { code: "LEASH_LOG_INVALID" });
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 31])("are not taken every %d ms: the leash does not start", async (ms) => {
    const started = open({ store: "memory", audit: { checkpointEveryMs: ms } });
    await expect(started).rejects.toSatisfy((error) => isLeashError(error, "LEASH_CONFIG_INVALID"));
  });
});
