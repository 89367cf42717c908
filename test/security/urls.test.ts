import { describe, expect, it } from "vitest";
import type { Json } from "@leashkit/core";
import type { Probes } from "../../core/policy/guards/guard.ts";
import { urlGuard, type UrlGuardOptions } from "../../core/policy/guards/urls.ts";
import { ATTEMPTS } from "./urls.table.ts";
import { NEEDED, NEEDED_HOSTS } from "./urls-needed.table.ts";

const PUBLIC = ["93.184.215.14"];

/** A resolver that has the same answer for every name. */
function everyName(answer: Json): Probes {
  const places: Json = { folders: [], ports: [4711], home: "/home/agent" };
  return new Proxy<Record<string, Json>>({}, { get: (_, key) => (key === "self:places" ? places : answer) });
}

function judge(options: UrlGuardOptions, url: string, answer: Json = PUBLIC): string {
  const refusal = urlGuard(options).check({ url }, everyName(answer));
  return refusal === undefined ? "passes" : `${refusal.kind} ${refusal.code}`;
}

describe("SSRF", () => {
  it("A-A18: the attempts are many, and all different", () => {
    expect(new Set(ATTEMPTS.map(({ url }) => url)).size).toBe(ATTEMPTS.length);
    expect(ATTEMPTS.length).toBeGreaterThanOrEqual(300);
  });

  it.each(ATTEMPTS)("A-A18: $trick: $url is forbidden ($code)", ({ url, code, answer }) => {
    expect(judge({}, url, [...(answer ?? PUBLIC)])).toBe(`forbidden ${code}`);
  });

  it("A-A18: no list of allowed hosts turns a forbidden attempt into a question for a person", () => {
    const lists = [["*.example.com"], ["127.0.0.1", "localhost", "*.internal"], ["elsewhere.example"]];
    for (const { url, answer } of ATTEMPTS) {
      for (const allowedHosts of lists) {
        expect(judge({ allowedHosts }, url, [...(answer ?? PUBLIC)]), url).toMatch(/^forbidden /);
      }
    }
  });

  it("A-A18: no name is looked up for an attempt that its own text gives away", () => {
    for (const { url, answer } of ATTEMPTS) {
      const needs = urlGuard().needs({ url });
      if (answer === undefined) expect(needs, url).toEqual([{ kind: "self", key: "places" }]);
    }
  });

  const misleading = ATTEMPTS.filter(({ answer = [] }) => answer.length > 0);

  it.each(misleading)("A-A18: one bad address among good ones is enough: $url", ({ url, code, answer = [] }) => {
    expect(judge({}, url, [...PUBLIC, ...answer])).toBe(`forbidden ${code}`);
  });
});

describe("hostile sizes", () => {
  /** Many times what linear work needs on a busy machine, and far less than quadratic work would. */
  const FAST_MS = 2000;

  it("A-A13: URLs made to be slow to read are not", () => {
    const units = [
      "a.",
      "a",
      ".",
      "-",
      "1.",
      "0x1.",
      "@",
      ":",
      "[",
      "::",
      "%41",
      "\u0435.",
      "\uff41",
      "\ufe0f",
      "a\u0301",
      "/",
      "?@",
    ];
    const before = performance.now();
    for (const unit of units) {
      const long = unit.repeat(8180 / unit.length);
      expect(judge({ allowedHosts: ["example.com"] }, `http://${long}`), unit).toMatch(/^forbidden /);
      const refusal = urlGuard({ host: ["input.host"] }).check({ host: long }, everyName(PUBLIC));
      expect(refusal?.kind, unit).toBe("forbidden");
    }
    const url = Array.from({ length: 64 }, () => `https://example.com/${"\u0435@".repeat(4000)}`);
    expect(urlGuard().check({ url }, everyName(PUBLIC))).toBeUndefined();
    expect(performance.now() - before).toBeLessThan(FAST_MS);
  });
});

describe("what Gatekeeper let through", () => {
  it.each([
    ["C: the IPv6 loopback literal", "http://[::1]/", "address_not_public"],
    ["C: the mapped loopback literal", "http://[::ffff:127.0.0.1]/", "address_not_public"],
    ["C: the unspecified IPv6 literal", "http://[::]/", "address_not_public"],
    ["C: CGNAT", "http://100.64.0.1/", "address_not_public"],
    ["C: CGNAT, its last address", "http://100.127.255.255/", "address_not_public"],
    ["C: the benchmarking block", "http://198.18.0.1/", "address_not_public"],
    ["C: the benchmarking block, its last address", "http://198.19.255.255/", "address_not_public"],
    ["C: localhost", "http://localhost/", "host_local"],
    ["C: a name of the hosts file", "http://buildserver/", "host_local"],
    ["C: the scheme data:", "data:text/plain,hello", "scheme_not_listed"],
    ["C: the scheme file:", "file:///etc/passwd", "scheme_not_listed"],
  ])("%s is forbidden", (_what, url, code) => {
    expect(judge({}, url)).toBe(`forbidden ${code}`);
  });

  it.each([
    ["C: a dotted name of the hosts file", "http://build.example.org/", ["127.0.0.1"], "address_not_public"],
    ["C: a name whose AAAA record is NAT64", "http://nat.example.org/", ["64:ff9b::7f00:1"], "address_not_public"],
    [
      "C: a name that rebinds, seen on both sides",
      "http://re.example.org/",
      [...PUBLIC, "127.0.0.1"],
      "address_not_public",
    ],
    ["C: a name that nobody resolves", "http://gone.example.org/", null, "host_unresolved"],
  ])("%s is forbidden", (_what, url, answer, code) => {
    expect(judge({}, url, answer)).toBe(`forbidden ${code}`);
  });

  it("C: an IPv4 literal inside a denied block is forbidden like a name that leads there", () => {
    const options = { deniedRanges: ["93.184.0.0/16"] };
    expect(judge(options, "http://93.184.215.14/")).toBe("forbidden address_denied");
    expect(judge(options, "http://[::ffff:93.184.215.14]/")).toBe("forbidden address_denied");
    expect(judge(options, "http://example.com/")).toBe("forbidden address_denied");
  });

  it.each([
    ["C: pastebin.com. (trailing dot)", "https://pastebin.com./raw/1", "host_spelling"],
    ["C: www.pastebin.com (a name below)", "https://www.pastebin.com/raw/1", "host_denied"],
    ["C: pastebin.com itself", "https://pastebin.com/raw/1", "host_denied"],
    ["C: PasteBin.COM", "https://PasteBin.COM/raw/1", "host_denied"],
    ["C: a full-width dot", "https://pastebin\uff0ecom/raw/1", "host_spelling"],
    ["C: userinfo", "https://pastebin.com@example.com/", "url_userinfo"],
    ["C: percent encoding", "https://pastebin%2ecom/", "host_spelling"],
  ])("%s is forbidden where pastebin.com is denied", (_what, url, code) => {
    expect(judge({ deniedHosts: ["pastebin.com"] }, url)).toBe(`forbidden ${code}`);
  });
});

describe("what a developer needs", () => {
  const POLICY: UrlGuardOptions = {
    allowedHosts: NEEDED_HOSTS,
    deniedHosts: ["pastebin.com", "gist.githubusercontent.com"],
    allowedPorts: [8443, 5000],
  };

  it.each(NEEDED)("A-A18: %s passes", (url) => {
    const names = urlGuard(POLICY)
      .needs({ url })
      .filter(({ kind }) => kind === "resolve");
    const answers = Object.fromEntries(
      names.map(({ key }) => [`resolve:${key}`, ["93.184.215.14", "2606:2800:21f::1"]]),
    );
    const probes = { "self:places": { folders: [], ports: [4711], home: "/home/agent" }, ...answers };
    expect(urlGuard(POLICY).check({ url }, probes)).toBeUndefined();
  });

  it("A-A18: the sample is not small", () => {
    expect(new Set(NEEDED).size).toBeGreaterThanOrEqual(40);
  });
});
