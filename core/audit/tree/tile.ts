import { createEdge } from "./edge.ts";
import { HASH_BYTES } from "./hash.ts";

/** Hashes in a full tile, which stands for eight levels of the tree. */
export const TILE_WIDTH = 256;

/** A file of a tiled log (https://c2sp.org/tlog-tiles), by its path below the log's prefix. */
export interface TileFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/**
 * The path of a tile, or of a bundle of entries.
 * @param level Of hashes from 0, or `entries`. @param width Below 256 for a partial one.
 */
export function tilePath(level: number | "entries", index: number, width: number = TILE_WIDTH): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/\d{3}/gu) ?? [];
  const name = groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join("/");
  return `tile/${level}/${name}${width === TILE_WIDTH ? "" : `.p/${width}`}`;
}

/** Turns a growing log into the files of a tiled one. No more than one tile for each level is held. */
export interface Tiler {
  /** The files that are full with this entry. */
  add(entry: Uint8Array, leaf: Buffer): readonly TileFile[];
  /** The files that are not full. */
  rest(): readonly TileFile[];
}

export function createTiler(): Tiler {
  const levels: { index: number; hashes: Buffer[] }[] = [];
  let bundle: Uint8Array[] = [];
  let bundles = 0;
  const addHash = (level: number, hash: Buffer): readonly TileFile[] => {
    const tile = (levels[level] ??= { index: 0, hashes: [] });
    tile.hashes.push(hash);
    if (tile.hashes.length < TILE_WIDTH) return [];
    const file = { path: tilePath(level, tile.index), bytes: Buffer.concat(tile.hashes) };
    const root = rootOf(tile.hashes);
    levels[level] = { index: tile.index + 1, hashes: [] };
    return [file, ...addHash(level + 1, root)];
  };
  return {
    add(entry, leaf) {
      bundle.push(lengthOf(entry), entry);
      const files = addHash(0, leaf);
      if (bundle.length < 2 * TILE_WIDTH) return files;
      const file = { path: tilePath("entries", bundles), bytes: Buffer.concat(bundle) };
      bundle = [];
      bundles += 1;
      return [file, ...files];
    },
    rest() {
      const entries = { path: tilePath("entries", bundles, bundle.length / 2), bytes: Buffer.concat(bundle) };
      const tiles = levels.map(({ hashes, index }, level) => {
        return { path: tilePath(level, index, hashes.length), bytes: Buffer.concat(hashes) };
      });
      return [entries, ...tiles].filter(({ bytes }) => bytes.length > 0);
    },
  };
}

/** Bytes that an entry may have: its length is written in two. */
export const MAX_ENTRY_BYTES = 65_535;

function lengthOf(entry: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(entry.length);
  return length;
}

function rootOf(hashes: readonly Buffer[]): Buffer {
  const edge = createEdge();
  for (const hash of hashes) edge.append(hash);
  return edge.root();
}

/** The width of the tile with this index at a level of a log of this size: 0 where there is none. */
export function tileWidth(level: number, index: number, size: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** level);
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH));
}

/** Levels of tiles that a log of this size has. */
export function tileLevels(size: number): number {
  let levels = 0;
  while (size >= TILE_WIDTH ** levels) levels += 1;
  return levels;
}

/** The entries of a bundle; undefined when it is cut off. */
export function readBundle(bytes: Buffer): readonly Buffer[] | undefined {
  const entries: Buffer[] = [];
  let at = 0;
  while (at + 2 <= bytes.length) {
    const end = at + 2 + bytes.readUInt16BE(at);
    if (end > bytes.length) return undefined;
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return at === bytes.length ? entries : undefined;
}

/** The hashes of a tile; undefined when it is cut off. */
export function readTile(bytes: Buffer): readonly Buffer[] | undefined {
  if (bytes.length % HASH_BYTES !== 0) return undefined;
  return Array.from({ length: bytes.length / HASH_BYTES }, (_unused, at) =>
    bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES),
  );
}
