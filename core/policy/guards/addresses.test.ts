import { isIP } from "node:net";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressProblem, isWithin, leadsHome, parseAddress, parseRange } from "./addresses.ts";

describe("parseAddress", () => {
  it.each([
    ["0.0.0.0", [0, 0, 0, 0, 0, 0xffff, 0, 0]],
    ["255.254.1.20", [0, 0, 0, 0, 0, 0xffff, 0xfffe, 0x0114]],
    ["::", [0, 0, 0, 0, 0, 0, 0, 0]],
    ["::1", [0, 0, 0, 0, 0, 0, 0, 1]],
    ["1::", [1, 0, 0, 0, 0, 0, 0, 0]],
    ["1:2:3:4:5:6:7:8", [1, 2, 3, 4, 5, 6, 7, 8]],
    ["1::8", [1, 0, 0, 0, 0, 0, 0, 8]],
    ["1:2:3::7:8", [1, 2, 3, 0, 0, 0, 7, 8]],
    ["::2:3:4:5:6:7:8", [0, 2, 3, 4, 5, 6, 7, 8]],
    ["1:2:3:4:5:6:7::", [1, 2, 3, 4, 5, 6, 7, 0]],
    ["2001:0DB8::00Ff", [0x2001, 0xdb8, 0, 0, 0, 0, 0, 0xff]],
    ["::ffff:127.0.0.1", [0, 0, 0, 0, 0, 0xffff, 0x7f00, 1]],
    ["::1.2.3.4", [0, 0, 0, 0, 0, 0, 0x0102, 0x0304]],
    ["64:ff9b::192.0.2.33", [0x64, 0xff9b, 0, 0, 0, 0, 0xc000, 0x0221]],
    ["1:2:3:4:5:6:1.2.3.4", [1, 2, 3, 4, 5, 6, 0x0102, 0x0304]],
  ])("reads %s", (text, words) => {
    expect(parseAddress(text)).toEqual(words);
  });

  it.each([
    "",
    " 1.2.3.4",
    "1.2.3.4 ",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.",
    ".1.2.3",
    "1..2.3",
    "1.2.3.256",
    "1.2.3.1000",
    "01.2.3.4",
    "1.2.3.04",
    "00.0.0.0",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "2130706433",
    "127.1",
    "+1.2.3.4",
    "-1.2.3.4",
    "1.2.3.4/8",
    "1.2.3.4:80",
    "\u0661.2.3.4",
    "\uff11.2.3.4",
    ":",
    ":::",
    "1",
    "1:",
    ":1",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:",
    ":2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    "1:::2",
    "1:2:3:4::5:6:7:8",
    "12345::",
    "g::",
    "fe80::1%eth0",
    "fe80::1%251",
    "[::1]",
    "::ffff:127.0.0.01",
    "::ffff:127.0.0",
    "::127.0.0.1:1",
    "1:2:3:4:5:6:7:1.2.3.4",
    "::ffff:0x7f.1",
    "1.2.3.4::",
    "::1\n",
    `${"0".repeat(100)}::`,
  ])("takes %j for no address", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it("agrees with the system on every text of the letters that addresses have", () => {
    const text = fc.string({ unit: fc.constantFrom(..."0012a9fF:::...".split("")), maxLength: 24 });
    fc.assert(
      fc.property(text, (candidate) => (parseAddress(candidate) === undefined) === (isIP(candidate) === 0)),
      { numRuns: 3000 },
    );
  });

  it("agrees with the system on addresses, and reads what URLs write as the same address", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV6(), fc.ipV4()), (address) => {
        if (isIP(address) === 0) return;
        const words = parseAddress(address);
        expect(words, address).toHaveLength(8);
        const host = new URL(`http://${address.includes(":") ? `[${address}]` : address}/`).hostname;
        expect(parseAddress(host.replace(/^\[|\]$/g, "")), address).toEqual(words);
      }),
      { numRuns: 1000 },
    );
  });
});

/** The first and the last address of each block that is not public, and the public neighbours where there are any. */
const EDGES: readonly (readonly [problem: string, inside: readonly string[], outside: readonly string[]])[] = [
  ["unspecified", ["0.0.0.0", "0.255.255.255", "::"], ["1.0.0.0"]],
  ["private", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0"]],
  ["private", ["172.16.0.0", "172.31.255.255"], ["172.15.255.255", "172.32.0.0"]],
  ["private", ["192.168.0.0", "192.168.255.255"], ["192.167.255.255", "192.169.0.0"]],
  ["private", ["fc00::", "fd00:ec2::254", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"], []],
  ["shared", ["100.64.0.0", "100.100.100.200", "100.127.255.255"], ["100.63.255.255", "100.128.0.0"]],
  ["loopback", ["127.0.0.0", "127.0.0.1", "127.255.255.255", "::1"], ["126.255.255.255", "128.0.0.0"]],
  ["metadata", ["168.63.129.16"], ["168.63.129.15", "168.63.129.17"]],
  ["link-local", ["169.254.0.0", "169.254.169.254", "169.254.255.255"], ["169.253.255.255", "169.255.0.0"]],
  ["link-local", ["fe80::", "fe80::a9fe:a9fe", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"], []],
  ["protocol", ["192.0.0.0", "192.0.0.192", "192.0.0.255"], ["191.255.255.255", "192.0.1.0"]],
  ["protocol", ["2001:1::1", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"], ["2001:200::", "2000:ffff::"]],
  ["documentation", ["192.0.2.0", "192.0.2.255"], ["192.0.1.255", "192.0.3.0"]],
  ["documentation", ["198.51.100.0", "198.51.100.255"], ["198.51.99.255", "198.51.101.0"]],
  ["documentation", ["203.0.113.0", "203.0.113.255"], ["203.0.112.255", "203.0.114.0"]],
  ["documentation", ["2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"], ["2001:db7::", "2001:db9::"]],
  ["documentation", ["3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"], ["3fff:1000::", "3ffd::"]],
  ["reserved", ["3ffe::", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff"], ["3ffd::"]],
  ["anycast", ["192.31.196.0", "192.31.196.255"], ["192.31.195.255", "192.31.197.0"]],
  ["anycast", ["192.52.193.0", "192.52.193.255"], ["192.52.192.255", "192.52.194.0"]],
  ["anycast", ["192.175.48.0", "192.175.48.255"], ["192.175.47.255", "192.175.49.0"]],
  ["anycast", ["2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff"], ["2620:4f:7fff::", "2620:4f:8001::"]],
  ["transition", ["192.88.99.0", "192.88.99.255"], ["192.88.98.255", "192.88.100.0"]],
  ["benchmarking", ["198.18.0.0", "198.19.255.255"], ["198.17.255.255", "198.20.0.0"]],
  ["benchmarking", ["2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff"], []],
  ["multicast", ["224.0.0.0", "239.255.255.255"], ["223.255.255.255"]],
  ["multicast", ["ff00::", "ff02::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"], []],
  ["reserved", ["240.0.0.0", "255.255.255.254"], []],
  ["broadcast", ["255.255.255.255"], []],
  ["discard", ["100::", "100::ffff:ffff:ffff:ffff"], []],
  ["segment-routing", ["5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"], []],
  ["site-local", ["fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"], []],
  // Never given out by IANA, which keeps global unicast within 2000::/3.
  ["reserved", ["1::", "100:0:0:1::", "1fff::", "4000::", "5f01::", "e000::", "fe00::"], ["2000::", "3fff:ffff::"]],
];

describe("addressProblem", () => {
  it.each(EDGES)("A-A18: finds the edges of a block that is %s: %j, not %j", (problem, inside, outside) => {
    for (const address of inside) expect(addressProblem(address), address).toBe(problem);
    for (const address of outside) expect(addressProblem(address), address).toBeUndefined();
  });

  it.each(["1.1.1.1", "8.8.8.8", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450:4001:82a::200e", "2c0f:fb50::1"])(
    "lets the public address %s pass",
    (address) => {
      expect(addressProblem(address)).toBeUndefined();
    },
  );

  it.each([
    ["mapped", "::ffff:127.0.0.1", "loopback"],
    ["mapped, in hexadecimal", "::ffff:7f00:1", "loopback"],
    ["mapped", "::ffff:169.254.169.254", "link-local"],
    ["mapped", "0:0:0:0:0:ffff:0a00:0001", "private"],
    ["mapped public", "::ffff:8.8.8.8", undefined],
    ["NAT64", "64:ff9b::127.0.0.1", "loopback"],
    ["NAT64", "64:ff9b::a9fe:a9fe", "link-local"],
    ["NAT64", "64:ff9b::0", "unspecified"],
    ["NAT64 public", "64:ff9b::8.8.8.8", undefined],
    ["beside NAT64", "64:ff9b:0:0:0:1:808:808", "reserved"],
    ["local NAT64", "64:ff9b:1::10.0.0.1", "private"],
    ["local NAT64 public", "64:ff9b:1::8.8.8.8", "transition"],
    ["IPv4-translated", "::ffff:0:127.0.0.1", "loopback"],
    ["IPv4-translated public", "::ffff:0:8.8.8.8", "transition"],
    ["IPv4-compatible", "::127.0.0.1", "loopback"],
    ["IPv4-compatible", "::10.0.0.1", "private"],
    ["IPv4-compatible public", "::8.8.8.8", "transition"],
    ["6to4", "2002:7f00:1::", "loopback"],
    ["6to4", "2002:c0a8:101::1", "private"],
    ["6to4 public", "2002:808:808::1", "transition"],
    ["Teredo, client", "2001:0:808:808:0:0:80ff:fffe", "loopback"],
    ["Teredo, server", "2001:0:a00:1:0:0:f7f7:f7f7", "private"],
    ["Teredo public", "2001:0:808:808:0:0:f7f7:f7f7", "transition"],
    ["ISATAP", "2606:4700::5efe:127.0.0.1", "loopback"],
    ["ISATAP", "2606:4700::200:5efe:a00:1", "private"],
    ["ISATAP public", "2606:4700::5efe:8.8.8.8", "transition"],
  ])("A-A18: judges %s %s by the address it carries", (_kind, address, problem) => {
    expect(addressProblem(address)).toBe(problem);
  });

  it("takes what it cannot read for no public address", () => {
    for (const text of ["", "localhost", "fe80::1%lo", "0x7f000001", "1.1.1.1\n"]) {
      expect(addressProblem(text), text).toBe("unreadable");
    }
  });
});

describe("leadsHome", () => {
  const leads = (text: string): boolean => leadsHome(parseAddress(text) ?? expect.fail(text));

  it("knows the ways by which a machine reaches itself", () => {
    for (const text of ["127.0.0.1", "127.9.9.9", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]) {
      expect(leads(text), text).toBe(true);
    }
    for (const text of ["10.0.0.1", "8.8.8.8", "fe80::1", "2606:4700::1"]) expect(leads(text), text).toBe(false);
  });
});

describe("parseRange and isWithin", () => {
  const inside = (text: string, ...ranges: string[]): boolean =>
    isWithin(
      parseAddress(text) ?? expect.fail(text),
      ranges.map((range) => parseRange(range) ?? expect.fail(range)),
    );

  it("knows the edges of blocks at any length", () => {
    expect(inside("93.184.215.14", "93.184.215.14")).toBe(true);
    expect(inside("93.184.215.15", "93.184.215.14/32")).toBe(false);
    expect(inside("93.184.215.15", "93.184.215.14/31")).toBe(true);
    expect(inside("93.191.255.255", "93.184.0.0/13")).toBe(true);
    expect(inside("93.192.0.0", "93.184.0.0/13")).toBe(false);
    expect(inside("8.8.8.8", "0.0.0.0/0")).toBe(true);
    expect(inside("2606:4700::1", "0.0.0.0/0")).toBe(false);
    expect(inside("2606:4701::", "2606:4700::/31", "8.8.8.0/24")).toBe(true);
    expect(inside("2606:4702::", "2606:4700::/31")).toBe(false);
    expect(inside("8.8.8.8", "::/0")).toBe(true);
    expect(inside("8.8.8.8")).toBe(false);
  });

  it("C: finds an IPv4 address of a block in every form that carries it", () => {
    for (const text of ["93.184.215.14", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e", "2002:5db8:d70e::1"]) {
      expect(inside(text, "93.184.215.0/24"), text).toBe(true);
      expect(inside(text, "93.184.216.0/24"), text).toBe(false);
    }
  });

  it.each([
    "",
    "/8",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/08",
    "10.0.0.0/-1",
    "10.0.0.0/+8",
    "10.0.0.0/8/8",
    "10.0.0.0/8 ",
    "10.0.0.1/8",
    "10/8",
    "a.com/8",
    "::/129",
    "2001:db8::1/32",
    "fe80::%1/64",
  ])("takes %j for no block", (text) => {
    expect(parseRange(text)).toBeUndefined();
  });
});
