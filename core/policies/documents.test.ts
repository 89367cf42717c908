import { describe, expect, it } from "vitest";
import { compileFiles, type Load } from "./documents.ts";
import type { FileState, Files } from "./files.ts";
import { loadSample, samplePolicy } from "./files.fixture.ts";

const own = { origin: "conf/leash.yaml", base: "/srv" };

const read = (text: string | Uint8Array): FileState => ({
  kind: "read",
  stamp: "1",
  changedAt: 0,
  bytes: typeof text === "string" ? Buffer.from(text) : text,
});
const missing: FileState = { kind: "missing", stamp: "ENOENT", problem: "the file cannot be read", cause: undefined };

const filesOf = (files: Readonly<Record<string, string | FileState>>): Files =>
  new Map(Object.entries(files).map(([path, file]) => [path, typeof file === "string" ? read(file) : file]));

/** Asks for one reference and takes whatever comes, also nothing. */
const careless =
  (reference: string): Load =>
  (text, { origin, resolve }) =>
    samplePolicy(`${text} ${resolve(reference, origin)?.text ?? "nothing"}`);

const withOrg = (org: FileState): Files => filesOf({ "/srv/conf/leash.yaml": "x", "/srv/conf/org.yaml": org });

describe("compileFiles", () => {
  it("reads references from the folder of the document that they stand in, wherever they lead", () => {
    const files = filesOf({
      "/srv/conf/leash.yaml": "extends ./layers/org.yaml\nextends /etc/leash/../leash/all.yaml",
      "/srv/conf/layers/org.yaml": "extends ../../base.yaml",
      "/srv/base.yaml": "base",
      "/etc/leash/all.yaml": "all",
    });
    const reading = compileFiles(own, files, loadSample);
    expect(reading).toMatchObject({ kind: "policy" });
    expect([...reading.used]).toEqual([...files.keys()]);
  });

  it("names documents in messages as they were written", () => {
    const origins: string[] = [];
    const files = filesOf({ "/srv/conf/leash.yaml": "", "/srv/conf/org.yaml": "", "/srv/base.yaml": "" });
    compileFiles(own, files, (_, { origin, resolve }) => {
      origins.push(
        origin,
        resolve("./org.yaml", origin)?.origin ?? "",
        resolve("../base.yaml", "conf/org.yaml")?.origin ?? "",
      );
      return samplePolicy("");
    });
    expect(origins).toEqual(["conf/leash.yaml", "conf/org.yaml", "base.yaml"]);
  });

  it.each([
    "https://example.com/org.yaml",
    "file:///srv/conf/org.yaml",
    "data:text/plain,x",
    "HTTP:org.yaml",
    "c:org.yaml",
  ])("knows no document under %s: a policy never comes over the network", (reference) => {
    const reading = compileFiles(own, filesOf({ "/srv/conf/leash.yaml": `extends ${reference}` }), loadSample);
    expect(reading).toMatchObject({ kind: "invalid", error: { issues: [{ message: `${reference} is not there` }] } });
    expect([...reading.used]).toEqual(["/srv/conf/leash.yaml"]);
  });

  it("wants the files that were not read yet, whatever the reader of the text says without them", () => {
    const files = filesOf({ "/srv/conf/leash.yaml": "x" });
    const used = new Set(["/srv/conf/leash.yaml", "/srv/conf/org.yaml"]);
    expect(compileFiles(own, files, careless("org.yaml"))).toEqual({ kind: "incomplete", used });
    const strict = filesOf({ "/srv/conf/leash.yaml": "extends org.yaml" });
    expect(compileFiles(own, strict, loadSample)).toEqual({ kind: "incomplete", used });
    expect(compileFiles(own, new Map(), loadSample)).toMatchObject({ kind: "incomplete" });
  });

  it("I11: refuses a document that is missing, though the reader of the text would do without it", () => {
    expect(compileFiles(own, withOrg(missing), careless("org.yaml"))).toMatchObject({
      kind: "invalid",
      error: { message: expect.stringContaining("conf/org.yaml:1:1 the file cannot be read") as string },
    });
  });

  it("leaves it to the reader of the text to say where a missing document is named", () => {
    const files = filesOf({ "/srv/conf/leash.yaml": "extends org.yaml", "/srv/conf/org.yaml": missing });
    expect(compileFiles(own, files, loadSample)).toMatchObject({ error: { issues: [{ code: "sample" }] } });
  });

  it.each<readonly [string, FileState, string]>([
    ["is no UTF-8", read(Buffer.from([0x61, 0xff])), "not valid UTF-8"],
    ["ends in the middle of a character", read(Buffer.from("ä").subarray(0, 1)), "not valid UTF-8"],
    ["cannot be read", { ...missing, kind: "unreadable", problem: "it is not a regular file" }, "not a regular file"],
    ["changed meanwhile", { kind: "torn" }, "changed while it was read"],
  ])("I11: refuses a document that %s", (_, org, message) => {
    expect(compileFiles(own, withOrg(org), careless("org.yaml"))).toMatchObject({
      kind: "invalid",
      error: { issues: [{ code: "unreadable", message: expect.stringContaining(message) as string }] },
    });
    const alone = compileFiles(own, filesOf({ "/srv/conf/leash.yaml": org }), loadSample);
    expect(alone).toMatchObject({ kind: "invalid", error: { issues: [{ code: "unreadable" }] } });
  });

  it("hands a byte order mark on: it is the reader of the text that refuses it", () => {
    const texts: string[] = [];
    compileFiles(own, filesOf({ "/srv/conf/leash.yaml": "\u{feff}x" }), (text) =>
      samplePolicy((texts.push(text), text)),
    );
    expect(texts).toEqual(["\u{feff}x"]);
  });

  it("I4: takes whatever else is thrown for a policy that cannot be read", () => {
    const bug = new TypeError("bug");
    const reading = compileFiles(own, filesOf({ "/srv/conf/leash.yaml": "x" }), () => {
      throw bug;
    });
    expect(reading).toMatchObject({ kind: "invalid", error: { code: "LEASH_POLICY_INVALID", cause: bug } });
  });

  it("refuses more than 64 documents, read or not", () => {
    const many = (count: number): Files =>
      filesOf({
        "/srv/conf/leash.yaml": Array.from({ length: count }, (_, n) => `extends ${n}.yaml`).join("\n"),
        ...Object.fromEntries(Array.from({ length: count }, (_, n) => [`/srv/conf/${n}.yaml`, "x"])),
      });
    expect(compileFiles(own, many(63), loadSample).kind).toBe("policy");
    expect(compileFiles(own, many(64), loadSample).kind).toBe("invalid");
    const asks: Load = (text, { origin, resolve }) => {
      for (let n = 0; n < 64; n += 1) resolve(`${n}.yaml`, origin);
      return samplePolicy(text);
    };
    expect(compileFiles(own, filesOf({ "/srv/conf/leash.yaml": "x" }), asks).kind).toBe("invalid");
  });
});
