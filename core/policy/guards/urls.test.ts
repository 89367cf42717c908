import { describe, expect, it } from "vitest";
import type { Json } from "../../model/json.ts";
import type { Probes } from "./guard.ts";
import { urlGuard, type UrlGuardOptions } from "./urls.ts";

const PLACES: Json = { folders: [], ports: [4711], home: "/home/agent" };
const PUBLIC = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"];

/** Answers for every name that the tests use, public unless a test says otherwise. */
const PROBES: Probes = {
  "self:places": PLACES,
  ...Object.fromEntries(
    ["example.com", "api.example.com", "www.pastebin.com", "xn--bcher-kva.example", "db.example.com"].map((host) => [
      `resolve:${host}`,
      PUBLIC,
    ]),
  ),
};

/** The code of the refusal with its kind in front, or `passes`. */
function judge(options: UrlGuardOptions, input: Json, probes: Probes = PROBES): string {
  const refusal = urlGuard(options).check(input, probes);
  return refusal === undefined ? "passes" : `${refusal.kind} ${refusal.code}`;
}

const judgeUrl = (url: string, options: UrlGuardOptions = {}): string => judge(options, { url });

describe("urlGuard", () => {
  it.each([
    "https://example.com",
    "https://example.com/",
    "HTTPS://Example.COM/Path?Query=1#Part",
    "http://example.com:80/",
    "https://example.com:443/",
    "https://example.com?x=1",
    "https://example.com#top",
    "https://example.com/@scope/name?mail=a@example.com",
    "https://b\u00fccher.example/\u043f\u0443\u0442\u044c/\u65e5\u672c?q=\u00e9",
    "https://xn--bcher-kva.example/",
    "https://1.1.1.1/dns-query",
    "https://[2606:4700:4700::1111]/",
    "https://[2606:4700:4700:0:0:0:0:1111]:443/",
    "https://example.com/a%20b?q=%0a%5c",
    "https://example.com/../x/./y",
  ])("lets %s pass", (url) => {
    expect(judgeUrl(url)).toBe("passes");
  });

  it.each([
    ["", "url_malformed"],
    ["example.com", "url_malformed"],
    ["//example.com/", "url_malformed"],
    ["https:example.com", "url_malformed"],
    ["https:/example.com", "url_malformed"],
    ["https:///example.com", "url_malformed"],
    ["https://", "url_malformed"],
    ["https://?x", "url_malformed"],
    ["https://example.com:0/", "host_spelling"],
    ["https://example.com:/", "host_spelling"],
    ["https://example.com:0443/", "host_spelling"],
    ["https://example.com:99999/", "url_malformed"],
    ["https://example.com:443:443/", "host_spelling"],
    ["https://example.com:8443/", "port_not_listed"],
    ["http://example.com:443/", "port_not_listed"],
    ["ftp://example.com/", "scheme_not_listed"],
    ["wss://example.com/", "scheme_not_listed"],
    ["https://user@example.com/", "url_userinfo"],
    ["https://user:word@example.com/", "url_userinfo"],
    ["https://@example.com/", "url_userinfo"],
    ["https://example.com?@other.example/", "url_userinfo"],
    ["https://example.com#@other.example/", "url_userinfo"],
    [" https://example.com/", "url_characters"],
    ["https://example.com/ ", "url_characters"],
    ["https://example.com/ https://other.example/", "url_characters"],
    ["https://example.com/\t", "url_characters"],
    ["https://exam\nple.com/", "url_characters"],
    ["https://example.com\\@other.example/", "url_characters"],
    ["https://example.com/\u0000", "url_characters"],
    ["https://example.com/\u007f", "url_characters"],
    ["https://example.com/\u0085", "url_characters"],
    ["https://example.com/\u00a0", "url_characters"],
    ["https://example.com/\u202e", "url_characters"],
    ["https://exam\u200bple.com/", "url_characters"],
    ["https://exam\u00adple.com/", "url_characters"],
    ["https://example.com/\ud800", "url_characters"],
    ["\ufeffhttps://example.com/", "url_characters"],
    ["https://example.com./", "host_spelling"],
    ["https://example.com../", "host_spelling"],
    ["https://example..com/", "host_spelling"],
    ["https://.example.com/", "host_spelling"],
    ["https://-example.com/", "host_spelling"],
    ["https://api.-example.com/", "host_spelling"],
    ["https://ex%61mple.com/", "host_spelling"],
    ["https://example%2ecom/", "host_spelling"],
    ["https://example.com;other.example/", "host_spelling"],
    ["https://example.com,other.example/", "host_spelling"],
    ["https://example.com&other.example/", "host_spelling"],
    ["https://exam$ple.com/", "host_spelling"],
    ["https://example\u3002com/", "host_spelling"],
    ["https://\uff45xample.com/", "host_spelling"],
    ["https://\u24d4xample.com/", "host_spelling"],
    ["https://stra\u1e9ee.example/", "host_spelling"],
    [`https://${"a".repeat(64)}.com/`, "host_spelling"],
    [`https://${"a.".repeat(130)}com/`, "host_spelling"],
    ["https://exam\ufe0fple.com/", "host_spelling"],
    ["https://example.com\u034f/", "host_spelling"],
    ["https://example.c0m.1/", "url_malformed"],
    ["https://example.0xg/", "host_spelling"],
    ["https://[example.com]/", "host_spelling"],
    ["https://[::1%25lo]/", "host_spelling"],
    ["https://[2606:4700:4700::1111/", "host_spelling"],
    ["https://[2606:4700:4700::1111]x/", "host_spelling"],
    ["https://1.1.1.1.1/", "url_malformed"],
    ["https://0x1.1.1.1/", "address_spelling"],
    ["https://1.1.257/", "address_spelling"],
    ["https://16843009/", "address_spelling"],
    ["https://1.1.1.1./", "address_spelling"],
    ["https://xn--/", "url_malformed"],
    [`https://example.com/${"a".repeat(8192)}`, "url_too_long"],
  ])("forbids %j (%s)", (url, code) => {
    expect(judgeUrl(url)).toBe(`forbidden ${code}`);
  });

  it.each([
    ["localhost", { url: "http://localhost/" }],
    ["single labels", { url: "http://intranet/" }],
    ["names below localhost", { url: "http://a.localhost/" }],
    ["mDNS names", { url: "http://printer.local/" }],
    ["names of clouds", { url: "http://metadata.google.internal/" }],
    ["names of home networks", { url: "http://nas.home.arpa/" }],
    ["names of clusters", { url: "http://web.default.svc/" }],
  ])("A-A18: forbids %s whatever they resolve to", (_what, input) => {
    const host = new URL(input.url).hostname;
    expect(judge({}, input, { ...PROBES, [`resolve:${host}`]: PUBLIC })).toBe("forbidden host_local");
    const answered = { ...PROBES, [`resolve:${host}`]: ["10.0.0.1"] };
    expect(judge({ denyPrivateIps: false }, input, answered)).toBe("passes");
  });

  it.each<readonly [what: string, answer: Json | undefined, code: string]>([
    ["nobody answered", undefined, "host_unresolved"],
    ["the name does not exist", null, "host_unresolved"],
    ["there is no address", [], "host_unresolved"],
    ["the answer is a text", "93.184.215.14", "host_unresolved"],
    ["the answer holds no text", [5], "host_unresolved"],
    ["there are too many addresses", Array.from({ length: 65 }, () => "93.184.215.14"), "host_unresolved"],
    ["an address cannot be read", ["93.184.215.14", "fe80::1%eth0"], "address_unreadable"],
    ["one address of several is private", [...PUBLIC, "10.0.0.1"], "address_not_public"],
    ["the address is loopback", ["127.0.0.1"], "address_not_public"],
    ["the address carries a private one", ["64:ff9b::a00:1"], "address_not_public"],
  ])("A-A18: forbids a name where %s", (_what, answer, code) => {
    const probes = { "self:places": PLACES, ...(answer === undefined ? {} : { "resolve:example.com": answer }) };
    expect(judge({}, { url: "https://example.com/" }, probes)).toBe(`forbidden ${code}`);
    expect(judge({ host: ["input.host"] }, { host: "example.com" }, probes)).toBe(`forbidden ${code}`);
  });

  it("lets private addresses pass only where the policy says so", () => {
    for (const url of ["http://10.0.0.1/", "http://[fd00::1]/"]) {
      expect(judgeUrl(url)).toBe("forbidden address_not_public");
      expect(judgeUrl(url, { denyPrivateIps: false })).toBe("passes");
    }
  });

  it("A-A22: a host that is not listed is outside, so that a person may be asked", () => {
    const options = { allowedHosts: ["*.example.com", "b\u00fccher.example", "1.1.1.1", "2606:4700:4700::1111"] };
    expect(judgeUrl("https://api.example.com/", options)).toBe("passes");
    expect(judgeUrl("https://B\u00dcCHER.example/", options)).toBe("passes");
    expect(judgeUrl("https://1.1.1.1/", options)).toBe("passes");
    expect(judgeUrl("https://[2606:4700:4700:0::1111]/", options)).toBe("passes");
    expect(judgeUrl("https://example.com/", options)).toBe("outside host_not_listed");
    expect(judgeUrl("https://8.8.8.8/", options)).toBe("outside host_not_listed");
    expect(judgeUrl("https://[::ffff:1.1.1.1]/", options)).toBe("outside host_not_listed");
  });

  it("a person is never asked about what is forbidden: it comes before what is only outside", () => {
    const options = { allowedHosts: ["api.example.com"] };
    const urls = ["https://example.com/", "https://127.0.0.1/"];
    expect(judge(options, { url: urls })).toBe("forbidden address_not_public");
    const inside = { ...PROBES, "resolve:example.com": ["127.0.0.1"] };
    expect(judge(options, { url: "https://example.com/" }, inside)).toBe("forbidden address_not_public");
  });

  it("denied hosts beat allowed ones, with every name below them and every address they are", () => {
    const options = {
      deniedHosts: ["pastebin.com", "*.example.com", "93.184.215.14"],
      allowedHosts: ["*.pastebin.com"],
    };
    expect(judgeUrl("https://www.pastebin.com/", options)).toBe("forbidden host_denied");
    expect(judgeUrl("https://PASTEBIN.com/", options)).toBe("forbidden host_denied");
    expect(judgeUrl("https://api.example.com/", { deniedHosts: ["*.example.com"] })).toBe("forbidden host_denied");
    expect(judgeUrl("https://example.com/", { deniedHosts: ["*.example.com"] })).toBe("passes");
    expect(judgeUrl("https://93.184.215.14/", options)).toBe("forbidden address_denied");
    expect(judgeUrl("https://example.com/", { deniedHosts: ["93.184.215.14"] })).toBe("forbidden address_denied");
  });

  it("denied blocks hold for addresses and for the addresses behind names, also where private ones pass", () => {
    const options = { deniedRanges: ["93.184.0.0/16"], denyPrivateIps: false };
    expect(judgeUrl("https://93.184.1.2/", options)).toBe("forbidden address_denied");
    expect(judgeUrl("https://[::ffff:5db8:102]/", options)).toBe("forbidden address_denied");
    expect(judgeUrl("https://example.com/", options)).toBe("forbidden address_denied");
    expect(judgeUrl("https://unknown.example.com/", options)).toBe("forbidden host_unresolved");
    expect(judgeUrl("https://10.0.0.1/", options)).toBe("passes");
  });

  it("takes ports and schemes as listed, beside each scheme's own port", () => {
    const options = { allowedPorts: [8443], allowedSchemes: ["https", "wss"] };
    expect(judgeUrl("https://example.com:8443/", options)).toBe("passes");
    expect(judgeUrl("https://example.com/", options)).toBe("passes");
    expect(judgeUrl("wss://example.com/", options)).toBe("passes");
    expect(judgeUrl("wss://example.com:80/", options)).toBe("forbidden port_not_listed");
    expect(judgeUrl("http://example.com/", options)).toBe("forbidden scheme_not_listed");
  });

  it.each<readonly [what: string, input: Json, verdict: string]>([
    ["a missing one, which means GET", {}, "passes"],
    ["one in lower case", { method: "head" }, "passes"],
    ["one that is not listed", { method: "POST" }, "forbidden method_not_listed"],
    ["null", { method: null }, "forbidden method_not_listed"],
    ["a list", { method: ["GET"] }, "forbidden method_not_listed"],
    ["one with a blank", { method: "GET " }, "forbidden method_not_listed"],
    ["the empty text", { method: "" }, "forbidden method_not_listed"],
    ["one that folds to a listed one", { method: "\u0131" }, "forbidden method_not_listed"],
  ])("looks at the method: %s", (_what, input, verdict) => {
    const whole = { url: "https://example.com/", ...(input as object) };
    expect(judge({ allowedMethods: ["GET", "head"] }, whole)).toBe(verdict);
    expect(judge({}, whole)).toBe("passes");
  });

  it("forbids a missing method where GET is not listed, and reads it where the policy says", () => {
    expect(judge({ allowedMethods: ["POST"] }, { url: "https://example.com/" })).toBe("forbidden method_not_listed");
    const options = { allowedMethods: ["POST"], method: ["input.verb"] };
    expect(judge(options, { url: "https://example.com/", verb: "POST", method: "GET" })).toBe("passes");
  });

  it.each<readonly [what: string, value: Json | undefined]>([
    ["nothing", undefined],
    ["null", null],
    ["a number", 5],
    ["an object", { href: "https://example.com/" }],
    ["an empty list", []],
    ["a list with something else in it", [null, "https://example.com/"]],
    ["a list in a list", [["https://example.com/"]]],
  ])("forbids %s in place of a URL", (_what, value) => {
    expect(judge({}, value === undefined ? {} : { url: value })).toBe("forbidden url_missing");
    expect(judge({ host: ["input.host"] }, value === undefined ? {} : { host: value })).toBe("forbidden url_missing");
  });

  it("looks at every element of a list and at every path", () => {
    const good = "https://example.com/";
    expect(judge({}, { url: [good, good] })).toBe("passes");
    expect(judge({}, { url: [good, "https://10.0.0.1/"] })).toBe("forbidden address_not_public");
    expect(judge({}, { url: Array.from({ length: 65 }, () => good) })).toBe("forbidden urls_too_many");
    const two = { url: ["input.from", "input.to.url"] };
    expect(judge(two, { from: good, to: { url: good } })).toBe("passes");
    expect(judge(two, { from: good, to: { url: "http://localhost/" } })).toBe("forbidden host_local");
    expect(judge(two, { from: good, to: {} })).toBe("forbidden url_missing");
    expect(judge({}, "https://example.com/")).toBe("forbidden url_missing");
  });
});
