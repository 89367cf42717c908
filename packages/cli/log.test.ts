import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";

import {
  createLeash,
  type InclusionProof,
  type KeySet,
  sqliteStore,
  verifyCheckpoint,
  verifyInclusion,
} from "@leashkit/core";
import { fakeTerminal } from "@leashkit/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { run } from "./index.ts";

let folder: string;
let state: string;
let keys: KeySet;
let stream: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "leash-cli-log-"));
  state = join(folder, "state");
  const policy = { text: "leash: 1\ntools: { search: { decision: allow } }\n" };
  const leash = await createLeash({ policy, state });
  leash.register({ id: "search" });
  for (let call = 0; call < 3; call += 1) await leash.guard({ tool: "search", input: { call } }, () => "found");
  await leash.checkpoint();
  keys = leash.keySet();
  for await (const line of leash.exportLog()) stream = (JSON.parse(line) as { stream: string }).stream;
  await leash.close();
  await writeFile(join(folder, "keys.json"), JSON.stringify(keys));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function command(...argv: readonly string[]) {
  const [stdout, stderr] = [fakeTerminal(), fakeTerminal()];
  const streams = { stdin: new PassThrough(), stdout: stdout.output, stderr: stderr.output };
  const exit = await run(["--state", state, ...argv], streams);
  return { exit, stdout: stdout.shown(), stderr: stderr.shown() };
}

const file = (name: string): string => join(folder, name);
/** A line that somebody else's process has added since. */
async function grow(): Promise<void> {
  const store = await sqliteStore({ file: join(state, "store.db") });
  const payload = { type: "decided", tenant: "t", actor_type: "agent", actor_id: "a" } as const;
  await store.commit([], { stream: "another", records: [{ payload, envelope: {} }] });
  await store.close();
}

describe("leash log", () => {
  it("I10: verifies the stored log with its checkpoints, by keys and a checkpoint that were kept elsewhere", async () => {
    const taken = await command("log", "checkpoint", "--out", file("kept"));
    expect(taken).toMatchObject({ exit: 0, stderr: "" });
    await grow();
    const kept = ["--checkpoint", file("kept"), "--keys", file("keys.json")];
    const verified = await command("log", "verify", "--json", ...kept);
    expect(verified).toMatchObject({ exit: 0, stderr: "" });
    const { covered, records } = JSON.parse(verified.stdout) as { covered: number; records: number };
    expect(records).toBe(covered + 1);
    expect((await command("log", "verify", ...kept)).stdout).toContain(`over the first ${covered}.`);
  });

  it("I10: finds by a kept checkpoint that an exported log was cut off, and names the first line that is missing", async () => {
    await command("log", "checkpoint", "--out", file("kept"));
    const exported = await command("log", "export", "--jsonl", file("log.jsonl"));
    expect(exported).toMatchObject({ exit: 0, stderr: "" });
    expect((await stat(file("log.jsonl"))).mode & 0o777).toBe(0o600);
    const text = await readFile(file("log.jsonl"), "utf8");
    expect((await command("log", "export")).stdout).toBe(text);
    const lines = text.trimEnd().split("\n");
    const kept = ["--checkpoint", file("kept"), "--keys", file("keys.json")];
    // The last checkpoint names what grew since the one before it.
    await grow();
    await command("log", "checkpoint", "--out", file("later"));
    await command("log", "export", "--jsonl", file("later.jsonl"));
    const later = ["--checkpoint", file("later"), "--keys", file("keys.json")];
    expect((await command("log", "verify", file("later.jsonl"), ...later)).exit).toBe(0);
    expect(await command("log", "verify", file("log.jsonl"), ...later)).toMatchObject({
      exit: 1,
      stdout: expect.stringContaining("stream another, record 0"),
    });
    expect((await command("log", "verify", file("log.jsonl"), ...kept)).exit).toBe(0);
    await writeFile(file("cut.jsonl"), `${lines.slice(0, -1).join("\n")}\n`);
    expect((await command("log", "verify", file("cut.jsonl"))).exit).toBe(0);
    const found = await command("log", "verify", file("cut.jsonl"), ...kept);
    expect(found).toMatchObject({
      exit: 1,
      stdout: expect.stringContaining(`record ${lines.length - 1}: the line is missing`),
    });
  });

  it("shows the records that fit all that is stated", async () => {
    const records = async (...argv: readonly string[]): Promise<readonly Record<string, unknown>[]> => {
      const { exit, stdout } = await command("log", "show", "--json", ...argv);
      expect(exit).toBe(0);
      return stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Record<string, unknown>]));
    };
    const all = await records();
    const granted = await records("--type", "granted");
    expect(granted).toHaveLength(3);
    expect(granted.every(({ type }) => type === "granted")).toBe(true);
    expect(
      await records("--agent", "agent", "--tool", "search", "--tenant", "default", "--owner", "default"),
    ).not.toEqual([]);
    expect((await records("--decision", "allow")).every(({ decision }) => decision === "ALLOW")).toBe(true);
    expect(await records("--decision", "ALLOW")).not.toEqual([]);
    for (const other of [
      ["--agent", "x"],
      ["--tool", "x"],
      ["--tenant", "x"],
      ["--owner", "x"],
      ["--decision", "deny"],
      ["--type", "x"],
    ]) {
      expect(await records(...other), other.join(" ")).toEqual([]);
    }
    const last = String(all.at(-1)?.["ts"]);
    expect(await records("--since", last)).not.toEqual([]);
    expect((await records("--until", last)).length).toBe(all.filter(({ ts }) => String(ts) < last).length);
    expect(await records("--since", "2000-01-01T00:00:00Z", "--until", "2000-01-02T00:00:00Z")).toEqual([]);
    expect((await command("log", "show", "--since", "yesterday")).exit).toBe(2);
    expect((await command("log", "show", "--decision", "maybe")).exit).toBe(2);
    expect((await command("log", "show", "--type", "granted")).stdout).toMatch(
      /^\S+Z  granted  ALLOW  search  by agent  rule tools\.search  \S+\/\d+\n/u,
    );
  });

  it("shows the records of all processes in the order of their time", async () => {
    await grow();
    const leash = await createLeash({ policy: { text: "leash: 1\n" }, state });
    await leash.close();
    const { stdout } = await command("log", "show", "--json");
    const all = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { readonly stream: string; readonly ts: string });
    expect(new Set(all.map(({ stream: name }) => name)).size).toBe(3);
    const times = all.map(({ ts }) => ts);
    expect(times).toEqual(times.toSorted((one, other) => one.localeCompare(other)));
    // By the streams' names, "another" would be the last.
    expect(all.at(-1)?.stream).not.toBe("another");
  });

  it("prints a checkpoint as the note that it is", async () => {
    const { exit, stdout } = await command("log", "checkpoint");
    expect(exit).toBe(0);
    const { kid, origin, root, size } = verifyCheckpoint(stdout, keys);
    const json = await command("log", "checkpoint", "--json");
    expect(JSON.parse(json.stdout)).toEqual({ origin, size, root, kid, key_lost: false, note: stdout });
  });

  it("I10: says that the key of checkpoints is lost, and goes on with a new one only when told to", async () => {
    await command("log", "checkpoint", "--out", file("kept"));
    await rm(join(state, "keys", "checkpoint.json"));
    const lost = await command("log", "checkpoint", "--json");
    expect(lost).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining("The key of the log's checkpoints is lost"),
    });
    expect(JSON.parse(lost.stdout)).toEqual({ key_lost: true, note: null });
    expect((await command("log", "checkpoint")).stdout).toBe("");

    const renewed = await command("log", "checkpoint", "--new-key", "--json");
    expect(renewed.exit).toBe(0);
    const { key_lost: told, kid } = JSON.parse(renewed.stdout) as { key_lost: boolean; kid: string };
    expect(told).toBe(true);
    expect(renewed.stderr).toContain(`signed with the new key ${kid}`);
    const rotated = await command("log", "show", "--type", "key.rotated", "--json");
    expect(JSON.parse(rotated.stdout)).toMatchObject({ kid });
    // From now on it is the log's key, and nothing is said of it.
    await grow();
    const next = await command("log", "checkpoint", "--new-key", "--json");
    expect([next.exit, next.stderr, JSON.parse(next.stdout)]).toEqual([
      0,
      "",
      expect.objectContaining({ kid, key_lost: false }),
    ]);
  });

  it("I10: verifies by the old public key and the new one what either signed, and by one alone not all of it", async () => {
    await command("log", "checkpoint", "--out", file("kept"));
    await rm(join(state, "keys", "checkpoint.json"));
    await command("log", "checkpoint", "--new-key", "--out", file("later"));
    await writeFile(file("new.json"), (await command("keys", "export")).stdout);
    const both = ["--keys", file("keys.json"), "--keys", file("new.json")];
    for (const kept of ["kept", "later"])
      expect(await command("log", "verify", "--checkpoint", file(kept), ...both)).toMatchObject({
        exit: 0,
        stderr: "",
      });
    expect((await command("log", "verify")).exit).toBe(1);
    expect((await command("log", "verify", "--keys", file("keys.json"))).exit).toBe(1);
    const [old] = (JSON.parse(await readFile(file("keys.json"), "utf8")) as KeySet).keys.filter(
      ({ purpose }) => purpose === "checkpoint",
    );
    await writeFile(file("revoked.json"), JSON.stringify({ v: 1, keys: [{ ...old, revokedAt: 1 }] }));
    for (const order of [
      [...both, "--keys", file("revoked.json")],
      ["--keys", file("revoked.json"), ...both],
    ])
      expect((await command("log", "verify", "--checkpoint", file("kept"), ...order)).stderr).toContain("REVOKED");
  });

  it("prints a proof of one record, which holds with the key set alone", async () => {
    const proof = JSON.parse((await command("log", "prove", stream, "2")).stdout) as InclusionProof;
    expect(verifyInclusion(proof, keys).size).toBeGreaterThan(2);
    expect(proof).toMatchObject({ stream, seq: 2 });
    expect(await command("log", "prove", stream, "999")).toMatchObject({ exit: 1, stdout: "" });
    expect(await command("log", "prove", stream, "-1")).toMatchObject({ exit: 2, stdout: "" });
    expect(await command("log", "prove", stream, "1e1")).toMatchObject({ exit: 2, stdout: "" });
  });

  it("exports tiles", async () => {
    expect(await command("log", "export", "--tiles", file("tiles"))).toMatchObject({ exit: 0, stderr: "" });
    const note = await readFile(join(file("tiles"), "checkpoint"), "utf8");
    const { size } = verifyCheckpoint(note, keys);
    expect(existsSync(join(file("tiles"), "tile", "entries", "000.p", `${size}`))).toBe(true);
    expect(await command("log", "export", "--tiles", "a", "--jsonl", "b")).toMatchObject({ exit: 2, stdout: "" });
  });

  it("I4: what cannot be read or written, or is no key set, is not fine", async () => {
    await writeFile(file("text"), "text");
    const cases: readonly (readonly [number, ...string[]])[] = [
      [3, "verify", "--checkpoint", file("missing")],
      [3, "verify", "--keys", file("missing")],
      [3, "verify", "--keys", file("text")],
      [3, "verify", file("missing")],
      [1, "verify", "--checkpoint", file("text")],
      [2, "verify", file("text"), "--checkpoint", file("text")],
      [1, "verify", file("text")],
      [3, "export", "--jsonl", join(file("text"), "below")],
      [3, "checkpoint", "--out", join(file("missing"), "below")],
    ];
    for (const [exit, ...argv] of cases) expect((await command("log", ...argv)).exit, argv.join(" ")).toBe(exit);
  });
});
