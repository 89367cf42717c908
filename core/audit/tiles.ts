import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { hash as hashOnce } from "node:crypto";
import { dirname, join } from "node:path";
import { LeashError } from "../errors.ts";
import type { Checkpoint } from "../model/log.ts";
import { readCheckpointText } from "./checkpoint.ts";
import type { CoveredLine } from "./covered.ts";
import { hashedPart } from "./line.ts";
import { isSignedBy, type NoteVerifier, parseNote } from "./note.ts";
import { createEdge } from "./tree/edge.ts";
import {
  createTiler,
  MAX_ENTRY_BYTES,
  readBundle,
  readTile,
  type TileFile,
  TILE_WIDTH,
  tileLevels,
  tilePath,
  tileWidth,
} from "./tree/tile.ts";

/**
 * Writes the lines that a checkpoint covers as a C2SP tiled log: hashes below `tile/<level>`, the lines without their own hash
 * below `tile/entries`, and last the checkpoint. Files get mode 0600, folders 0700.
 *
 * @param lines In the order of the tree.
 * @throws {LeashError} `LEASH_LOG_INVALID` when they are not what the checkpoint covers, `LEASH_INPUT_INVALID` for a line over 65,535
 * bytes, which this format cannot hold, `LEASH_CONFIG_INVALID` for a folder with another log or one that cannot be written.
 */
export async function writeTiles(
  folder: string,
  checkpoint: Checkpoint,
  lines: AsyncIterable<CoveredLine>,
): Promise<void> {
  refuseOther(folder, checkpoint);
  const tiler = createTiler();
  const edge = createEdge();
  for await (const { leaf, line, seq, stream } of lines) {
    const entry = Buffer.from(hashedPart(line));
    if (entry.length > MAX_ENTRY_BYTES) {
      throw new LeashError(
        "LEASH_INPUT_INVALID",
        `Record ${seq} of stream ${JSON.stringify(stream)} has ${entry.length} bytes, and an entry of a tiled log at most 65,535. Export the log as JSONL.`,
      );
    }
    edge.append(leaf);
    await writeAll(folder, tiler.add(entry, leaf));
  }
  if (edge.size !== checkpoint.size || edge.root().toString("hex") !== checkpoint.root) {
    throw new LeashError(
      "LEASH_LOG_INVALID",
      "The stored lines are not those of the last checkpoint, so it was not exported. Verify the log.",
    );
  }
  await writeAll(folder, [...tiler.rest(), { path: CHECKPOINT, bytes: Buffer.from(checkpoint.note) }]);
}

const CHECKPOINT = "checkpoint";

function refuseOther(folder: string, { origin }: Checkpoint): void {
  const path = join(folder, CHECKPOINT);
  if (!existsSync(path)) return;
  const [first] = readFileSync(path, "utf8").split("\n");
  if (first === origin) return;
  throw new LeashError(
    "LEASH_CONFIG_INVALID",
    "The folder holds the tiles of another log, so nothing was written. Name a new one.",
  );
}

async function writeAll(folder: string, files: readonly TileFile[]): Promise<void> {
  try {
    for (const { bytes, path } of files) {
      const file = join(folder, path);
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      // Whoever reads meanwhile sees a whole file or none.
      await writeFile(`${file}.new`, bytes, { mode: 0o600 });
      await rename(`${file}.new`, file);
    }
  } catch (cause) {
    throw new LeashError(
      "LEASH_CONFIG_INVALID",
      "The tiles cannot be written to their folder. Name one that this user may write to.",
      { cause },
    );
  }
}

/** Gives a file of a tiled log by its path; undefined where it is missing. */
export type ReadTileFile = (path: string) => Buffer | undefined;

/**
 * Checks a whole tiled log, of any origin: the checkpoint's signature, every hash tile against its entries, and the root.
 *
 * @param read For a folder: `(path) => readFileSync(join(folder, path))`.
 * @param verifier Whose signature the checkpoint must bear, as of `parseVerifierKey`.
 * @param note The checkpoint to check; default the log's present one.
 * @returns the entries in order.
 * @throws {LeashError} `LEASH_LOG_INVALID`, naming the file; `LEASH_TOKEN_INVALID` for the checkpoint.
 */
export function readTiledLog(
  read: ReadTileFile,
  verifier: NoteVerifier,
  note: string = requireFile(read, CHECKPOINT).toString(),
): { readonly entries: readonly Buffer[]; readonly origin: string; readonly size: number; readonly root: string } {
  const parsed = parseNote(note);
  const { origin, root, size } = readCheckpointText(parsed.text);
  if (!isSignedBy(parsed, verifier)) {
    throw new LeashError("LEASH_TOKEN_INVALID", "The checkpoint of the tiled log is not signed by the stated key.");
  }
  const entries: Buffer[] = [];
  for (let index = 0; tileWidth(0, index, size) > 0; index += 1) {
    const path = tilePath("entries", index, tileWidth(0, index, size));
    const bundle = readBundle(requireFile(read, path));
    if (bundle?.length !== tileWidth(0, index, size)) throw damaged(path);
    entries.push(...bundle);
  }
  let hashes: readonly Buffer[] = entries.map(leafOf);
  const computed = rootOf(hashes);
  if (computed.toString("hex") !== root) throw damaged(CHECKPOINT);
  for (let level = 0; level < tileLevels(size); level += 1) hashes = checkLevel(read, level, hashes, size);
  return { entries, origin, root, size };
}

/** Compares the tiles of a level, and gives the hashes of the one above. */
function checkLevel(read: ReadTileFile, level: number, hashes: readonly Buffer[], size: number): readonly Buffer[] {
  const above: Buffer[] = [];
  for (let index = 0; tileWidth(level, index, size) > 0; index += 1) {
    const width = tileWidth(level, index, size);
    const path = tilePath(level, index, width);
    const tile = readTile(requireFile(read, path)) ?? [];
    const expected = hashes.slice(index * TILE_WIDTH, index * TILE_WIDTH + width);
    if (tile.length !== width || !expected.every((hash, at) => tile[at]?.equals(hash))) throw damaged(path);
    if (width === TILE_WIDTH) above.push(rootOf(expected));
  }
  return above;
}

/** RFC 6962 leaf hash. */
function leafOf(entry: Uint8Array): Buffer {
  return hashOnce("sha256", Buffer.concat([Uint8Array.of(0), entry]), "buffer");
}

function rootOf(hashes: readonly Buffer[]): Buffer {
  const edge = createEdge();
  for (const one of hashes) edge.append(one);
  return edge.root();
}

function requireFile(read: ReadTileFile, path: string): Buffer {
  const bytes = read(path);
  if (bytes === undefined) throw damaged(path);
  return bytes;
}

function damaged(path: string): LeashError {
  return new LeashError(
    "LEASH_LOG_INVALID",
    `The tiled log does not hold: ${path} is missing, or does not fit the entries. Keep it as it is for whoever examines it.`,
  );
}
