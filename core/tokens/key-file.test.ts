import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isLeashError } from "../errors.ts";
import { seededRandom } from "../testing/random.ts";
import { createKeyFile, readKeyFile, requirePrivateFolder } from "./key-file.ts";
import { fileKeyRing } from "./keys.ts";

const invalid = expect.toSatisfy((error) => isLeashError(error, "LEASH_CONFIG_INVALID"));
const sources = { clock: { now: () => Date.UTC(2026, 0, 1) }, random: seededRandom(1) };

interface StoredFile {
  v: number;
  purpose: string;
  keys: { kid: string; secret: string; createdAt: number; revokedAt: number | null }[];
}

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leashkit-key-file-"));
  path = join(folder, "proof.json");
  createKeyFile(path, "proof", sources);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const stored = (file = path): StoredFile => JSON.parse(readFileSync(file, "utf8"));
const read = () => readKeyFile(path, "proof", undefined);

/** A key of another file. */
function foreignKey(): StoredFile["keys"][number] {
  const other = join(folder, "other.json");
  rmSync(other, { force: true });
  createKeyFile(other, "proof", sources);
  const [key] = stored(other).keys;
  if (key === undefined) throw new Error("The other file holds no key.");
  return key;
}

/** The seed of one key with the public half of another. */
function splice({ keys }: StoredFile): string {
  return `${keys[0]?.secret.slice(0, 54)}${foreignKey().secret.slice(54)}`;
}

describe("a key file", () => {
  it("is read as it was made, and not again while it stays the same", () => {
    const first = read();
    expect(first?.entries.map((entry) => entry.published.kid)).toEqual(stored().keys.map((key) => key.kid));
    expect(readKeyFile(path, "proof", first)).toBe(first);
    writeFileSync(path, JSON.stringify({ ...stored(), keys: [foreignKey()] }));
    expect(readKeyFile(path, "proof", first)).not.toBe(first);
  });

  it("is undefined where there is none", () => {
    expect(readKeyFile(join(folder, "receipt.json"), "receipt", undefined)).toBeUndefined();
  });

  it("is never made in the place of another", () => {
    const before = readFileSync(path, "utf8");
    createKeyFile(path, "proof", sources);
    expect(readFileSync(path, "utf8")).toBe(before);
  });

  it.each([0o640, 0o604, 0o660, 0o644, 0o610])("is refused when others may open it (mode %o)", (mode) => {
    const known = read();
    chmodSync(path, mode);
    for (const attempt of [
      read,
      () => readKeyFile(path, "proof", known),
      () => fileKeyRing({ folder, ...sources }).keySet(),
    ]) {
      expect(attempt).toThrow(invalid);
      expect(attempt).toThrow(/chmod 600/);
    }
  });

  it("is refused when it belongs to another user, who reads it whatever its mode", () => {
    const other = vi.spyOn(process, "geteuid").mockReturnValue(process.getuid?.() === 4_711 ? 4_712 : 4_711);
    expect(read).toThrow(/another user/);
    expect(() => requirePrivateFolder(folder)).toThrow(/another user/);
    expect(() => fileKeyRing({ folder, ...sources })).toThrow(invalid);
    other.mockRestore();
    expect(read()?.entries).toHaveLength(1);
  });

  it("is refused when it is a link to a file that others may open", () => {
    const elsewhere = join(folder, "elsewhere.json");
    writeFileSync(elsewhere, readFileSync(path));
    chmodSync(elsewhere, 0o644);
    rmSync(path);
    symlinkSync(elsewhere, path);
    expect(read).toThrow(/chmod 600/);
  });

  it("is refused when it is a folder or cannot be read", () => {
    rmSync(path);
    mkdirSync(path);
    expect(read).toThrow(invalid);
    expect(() => readKeyFile(join(path, "x\0y"), "proof", undefined)).toThrow(invalid);
  });

  const edits: Readonly<Record<string, (content: StoredFile) => unknown>> = {
    nothing: () => "",
    "half of the file": (content) => JSON.stringify(content).slice(0, 100),
    "a list": () => [],
    "an unknown version": (content) => ({ ...content, v: 2 }),
    "no version": ({ purpose, keys }) => ({ purpose, keys }),
    "an unknown member": (content) => ({ ...content, note: "x" }),
    "another purpose": (content) => ({ ...content, purpose: "approval" }),
    "no keys": (content) => ({ ...content, keys: [] }),
    "keys that are not a list": (content) => ({ ...content, keys: {} }),
    "a key that is not an object": (content) => ({ ...content, keys: ["k4.secret.x"] }),
    "the same key twice": (content) => ({ ...content, keys: [...content.keys, ...content.keys] }),
    "a duplicate member": (content) => JSON.stringify(content).replace('"v":1', '"v":1,"v":1'),
    "a megabyte more": (content) => JSON.stringify(content) + " ".repeat(1_048_576),
  };
  const keyEdits: Readonly<Record<string, (content: StoredFile) => object>> = {
    "another id": () => ({ kid: foreignKey().kid }),
    "another's secret": () => ({ secret: foreignKey().secret }),
    "another's public half": (content) => ({ secret: splice(content) }),
    "no secret": () => ({ secret: null }),
    "an unknown member": () => ({ use: "sig" }),
    "a time that is a text": () => ({ createdAt: "now" }),
    "a time that is a fraction": () => ({ createdAt: 1.5 }),
    "a time before 1970": () => ({ createdAt: -1 }),
    "a revocation that is false": () => ({ revokedAt: false }),
    "a begin that is null": () => ({ activeFrom: null }),
    "a begin that is a text": () => ({ activeFrom: "2026-01-01T00:00:00.000Z" }),
  };

  it.each([
    ...Object.entries(edits),
    ...Object.entries(keyEdits).map(([name, edit]) => {
      const editKey = (content: StoredFile) => ({ ...content, keys: [{ ...content.keys[0], ...edit(content) }] });
      return [`a key with ${name}`, editKey] as const;
    }),
  ])("is refused with %s, and left as it is", (_name, edit) => {
    const known = read();
    const edited = edit(stored());
    const text = typeof edited === "string" ? edited : JSON.stringify(edited);
    writeFileSync(path, text);
    expect(read).toThrow(invalid);
    expect(() => readKeyFile(path, "proof", known)).toThrow(invalid);
    const keys = fileKeyRing({ folder, ...sources });
    for (const use of [() => keys.signer("proof"), () => keys.publicKeys("proof"), () => keys.keySet()]) {
      expect(use).toThrow(invalid);
    }
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  it("shows no secret in what it throws", () => {
    const half = stored().keys[0]?.secret.slice("k4.secret.".length, 30) ?? "";
    expect(half).toHaveLength(20);
    for (const name of ['"secret"', '"revokedAt"', '"keys"']) {
      writeFileSync(path, readFileSync(path, "utf8").replace(name, name.replace('"', '"x')));
      expect(read).toThrow(expect.toSatisfy((error: Error) => !inspect(error, { depth: null }).includes(half)));
    }
  });

  it("leaves nothing behind when it cannot be made", () => {
    const gone = join(folder, "gone");
    expect(() => createKeyFile(join(gone, "proof.json"), "proof", sources)).toThrow(invalid);
    expect(existsSync(gone)).toBe(false);
  });
});

describe("the folder of key files", () => {
  it.each([0o750, 0o705, 0o777, 0o701])("is refused when others may enter it (mode %o)", (mode) => {
    chmodSync(folder, mode);
    for (const attempt of [() => requirePrivateFolder(folder), () => fileKeyRing({ folder, ...sources })]) {
      expect(attempt).toThrow(invalid);
      expect(attempt).toThrow(/chmod 700/);
    }
  });

  it("is refused when it is a file", () => {
    for (const attempt of [() => requirePrivateFolder(path), () => fileKeyRing({ folder: path, ...sources })]) {
      expect(attempt).toThrow(invalid);
    }
  });
});
