import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLeash } from "../leash.ts";
import type { LeashOptions } from "../leash-options.ts";
import { memoryStore } from "../store/memory.ts";
import { scriptedPolicy } from "../testing/scripted-policy.ts";

let state: string;
beforeEach(() => void (state = mkdtempSync(join(tmpdir(), "leashkit-announce-"))));
afterEach(() => rmSync(state, { recursive: true, force: true }));

/** What a host that set no `notify` is told of a call that waits. */
async function noticeOf(options: Partial<LeashOptions>): Promise<string> {
  const warned = vi.spyOn(process, "emitWarning").mockReturnValue(undefined);
  const leash = await createLeash({ policy: scriptedPolicy(() => "approve"), state, ...options });
  leash.register({ id: "buy" });
  await leash.guard({ tool: "buy", input: {} }, () => "bought", { pause: "defer" }).catch(() => undefined);
  await expect.poll(() => warned.mock.calls.length).toBe(1);
  await leash.close();
  const [notice] = warned.mock.calls[0] ?? [];
  warned.mockRestore();
  return String(notice);
}

describe("the notice that a call waits", () => {
  it("tells users of the embedded store by which options the command finds it", async () => {
    const notice = await noticeOf({});
    expect(notice).toMatch(/`leash approvals show [0-9A-Z]{4}`, with `--policy FILE` or `--state DIR` from another/u);
    expect(notice).not.toContain("--store");
  });

  it("tells users of a store of their own how the command reaches it in PostgreSQL", async () => {
    const notice = await noticeOf({ store: { ...memoryStore(), shared: true } });
    expect(notice).toContain(
      "with `--state DIR --store env:NAME` from another terminal where the store is in PostgreSQL",
    );
  });
});
