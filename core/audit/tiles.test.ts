import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isLeashError, type LeashErrorCode } from "../errors.ts";
import { decodePublicKey } from "../tokens/paserk.ts";
import { createAuditLog } from "./log.ts";
import { NOTE_SIGNATURE, type NoteVerifier } from "./note.ts";
import { record, type SignedLog, signedLog, tampered } from "./signed-log.fixture.ts";
import { readTiledLog, type ReadTileFile } from "./tiles.ts";
import { tileLevels, tilePath, tileWidth } from "./tree/tile.ts";

const coded = (code: LeashErrorCode) => expect.toSatisfy((error) => isLeashError(error, code));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "leash-tiles-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const read: ReadTileFile = (path) => (existsSync(join(folder, path)) ? readFileSync(join(folder, path)) : undefined);

function verifierOf({ keys }: SignedLog, name: string): NoteVerifier {
  const [key] = keys.publicKeys("checkpoint");
  return { name, type: NOTE_SIGNATURE, publicKey: decodePublicKey(key?.publicKey ?? "") };
}

describe("a log as a tiled log", () => {
  it("has the paths and widths that C2SP tlog-tiles states", () => {
    expect(tilePath(0, 1_234_067)).toBe("tile/0/x001/x234/067");
    expect(tilePath("entries", 0, 12)).toBe("tile/entries/000.p/12");
    expect(tilePath(2, 1_000)).toBe("tile/2/x001/000");
    // The specification's example: 70,000 records.
    expect([tileWidth(0, 272, 70_000), tileWidth(0, 273, 70_000), tileWidth(0, 274, 70_000)]).toEqual([256, 112, 0]);
    expect([tileWidth(1, 0, 70_000), tileWidth(1, 1, 70_000), tileWidth(2, 0, 70_000)]).toEqual([256, 17, 1]);
    expect([tileLevels(0), tileLevels(1), tileLevels(255), tileLevels(256), tileLevels(70_000)]).toEqual([
      0, 1, 1, 2, 3,
    ]);
  });

  it.each([1, 255, 256, 257, 600])("is written and read with %i records, as it grows", async (count) => {
    const signed = signedLog();
    await signed.write("b", count);
    await signed.checkpoint();
    await signed.log.writeTiles(folder);
    await signed.write("a", 300);
    const { origin, root, size } = await signed.checkpoint();
    expect(await signed.log.writeTiles(folder)).toMatchObject({ origin, root, size: count + 300 });
    const tiled = readTiledLog(read, verifierOf(signed, origin));
    expect(tiled).toMatchObject({ origin, root, size });
    const lines = await Promise.all([signed.store.lines("b", 0, 1_000), signed.store.lines("a", 0, 1_000)]);
    const expected = lines.flat().map(({ line }) => line.slice(0, line.lastIndexOf(',"hash"')));
    expect(tiled.entries.map(String)).toEqual(expected);
    expect((await stat(join(folder, "tile", "0", "000"))).mode & 0o777).toBe(0o600);
    expect((await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".new"))).toEqual([]);
    await signed.store.close();
  });

  it("I10: does not hold with any byte of any file changed, and names the file", async () => {
    const signed = signedLog();
    await signed.write("a", 260);
    const { origin } = await signed.checkpoint();
    await signed.log.writeTiles(folder);
    const verifier = verifierOf(signed, origin);
    for (const path of ["tile/0/000", "tile/0/001.p/4", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/4"]) {
      const bytes = read(path) ?? Buffer.alloc(0);
      for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 20)) {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
        const forged: ReadTileFile = (name) => (name === path ? changed : read(name));
        expect(() => readTiledLog(forged, verifier), `${path} ${at}`).toThrow(coded("LEASH_LOG_INVALID"));
      }
      const gone: ReadTileFile = (name) => (name === path ? undefined : read(name));
      expect(() => readTiledLog(gone, verifier)).toThrow(path);
      const cut: ReadTileFile = (name) => (name === path ? bytes.subarray(0, -1) : read(name));
      expect(() => readTiledLog(cut, verifier)).toThrow(coded("LEASH_LOG_INVALID"));
    }
    expect(() => readTiledLog(read, { ...verifier, name: "another" })).toThrow(coded("LEASH_TOKEN_INVALID"));
    await signed.store.close();
  });

  it("is not written without a checkpoint, over another log, from lines that do not hold, or where it cannot be", async () => {
    const signed = signedLog();
    await expect(signed.log.writeTiles(folder)).rejects.toEqual(coded("LEASH_INPUT_INVALID"));
    await signed.write("a", 3);
    await signed.checkpoint();
    await writeFile(join(folder, "checkpoint"), "another/log\n");
    await expect(signed.log.writeTiles(folder)).rejects.toEqual(coded("LEASH_CONFIG_INVALID"));
    await writeFile(join(folder, "file"), "");
    await expect(signed.log.writeTiles(join(folder, "file"))).rejects.toEqual(coded("LEASH_CONFIG_INVALID"));
    const lines = (await signed.store.lines("a", 0)).map(({ line }) => line);
    const store = tampered(signed.store, { lines: { a: [...lines.slice(1), lines[0] ?? ""] } });
    const forged = createAuditLog({ store, keys: signed.keys, random: (size) => Buffer.alloc(size) });
    await expect(forged.writeTiles(join(folder, "new"))).rejects.toEqual(coded("LEASH_LOG_INVALID"));
    expect(existsSync(join(folder, "new", "checkpoint"))).toBe(false);
    await signed.store.close();
  });

  it("cannot hold a record over 65,535 bytes, and says which", async () => {
    const signed = signedLog();
    await signed.write("a", 1);
    await signed.store.commit([], { stream: "a", records: [record("x".repeat(70_000))] });
    await signed.checkpoint();
    await expect(signed.log.writeTiles(folder)).rejects.toEqual(coded("LEASH_INPUT_INVALID"));
    await expect(signed.log.writeTiles(folder)).rejects.toThrow('Record 1 of stream "a"');
    await signed.store.close();
  });
});
