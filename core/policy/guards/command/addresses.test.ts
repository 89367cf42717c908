import { describe, expect, it } from "vitest";
import { addressesIn, foldAddresses, holdsPort, mayHoldAddress, namesPort } from "./addresses.ts";
import { METADATA_NAMES } from "./places.table.ts";

const look = (text: string) => addressesIn(foldAddresses(text));

describe("addressesIn", () => {
  it.each([
    "169.254.169.254",
    "http://169.254.169.254/latest",
    "169.254.169.254:80",
    "2852039166",
    "0xa9fea9fe",
    "0XA9FEA9FE",
    "0xa9.0xfe.0xa9.0xfe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "169.16689662",
    "169.254.169.254.",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]:80",
    "[64:ff9b::a9fe:a9fe]",
    "[fd00:ec2::254]",
    "169%2e254%2E169.254",
    "\u2460\u2465\u2468.254.169.254",
    "\uff11\uff16\uff19\u3002254\uff0e169\uff61254",
    "a=169.254.169.254,b",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "metadata.google.internal",
    "METADATA.Google.Internal.",
    "http://metadata/x",
    "http://metadata",
    "169-254-169-254.sslip.io",
  ])("%j leads to a metadata service", (text) => {
    expect(look(text).metadata).toBe(true);
    expect(mayHoldAddress(text)).toBe(true);
  });

  it.each([
    "1.2.3.4",
    "169.253.169.254",
    "v1.169.254",
    "metadata",
    "src/metadata/x.ts",
    "2851995647",
    "100.100.100.201",
    "",
  ])("%j does not", (text) => {
    expect(look(text).metadata).toBe(false);
  });

  it.each(["localhost", "127.0.0.1", "127.1", "0.0.0.0", "[::1]", "[::]", "2130706433", "0x7f.1", "x.localhost"])(
    "%j is this machine",
    (text) => {
      expect(look(text).loopback).toBe(true);
      expect(mayHoldAddress(text)).toBe(true);
    },
  );

  it("takes too many addresses for the worst", () => {
    const many = Array.from({ length: 300 }, (_, index) => `2001:db8::${index.toString(16)}`).join(" ");
    expect(look(many)).toEqual({ metadata: true, loopback: true });
  });
});

describe("mayHoldAddress", () => {
  it("sees every name that leads to a metadata service", () => {
    for (const name of METADATA_NAMES) expect(mayHoldAddress(name.toUpperCase()), name).toBe(true);
  });

  it("sees nothing in plain words", () => {
    for (const word of ["git", "--oneline", "src/a-1.ts", "HEAD:x", "v1.x", "1234567"])
      expect(mayHoldAddress(word), word).toBe(false);
  });
});

describe("ports", () => {
  it("are found behind any host", () => {
    for (const text of ["x:8787", "x:08787/", "[::1]:8787", "a:1:8787:2"])
      expect(namesPort(text, [8787]) && mayHoldAddress(text), text).toBe(true);
    for (const text of ["x:87870", "x:878", "8787", "x:8788"]) expect(namesPort(text, [8787]), text).toBe(false);
  });

  it("are found alone", () => {
    for (const text of ["8787", "-p8787", "a 8787 b"]) expect(holdsPort(text, [8787]), text).toBe(true);
    for (const text of ["18787", "87871", "8.787", "1.8787"]) expect(holdsPort(text, [8787]), text).toBe(false);
    expect(holdsPort("8787", [])).toBe(false);
  });
});
