import { describe, expect, it } from "vitest";
import type { Json } from "../../../model/json.ts";
import { urlGuard, type UrlGuardOptions } from "../urls.ts";

const PUBLIC = ["93.184.215.14"];

function judge(options: UrlGuardOptions, input: Json, ports: Json = [], answer: Json = PUBLIC): string {
  const names = ["example.com", "db.example.com", "localhost"].map((host) => [`resolve:${host}`, answer]);
  const probes = { "self:places": { folders: [], ports, home: "/home/agent" }, ...Object.fromEntries(names) };
  const refusal = urlGuard(options).check(input, probes);
  return refusal === undefined ? "passes" : `${refusal.kind} ${refusal.code}`;
}

const judgeHost = (host: string, options: UrlGuardOptions = {}): string =>
  judge({ host: ["input.host"], ...options }, { host });

describe("urlGuard over bare hosts", () => {
  it.each([
    "example.com",
    "Example.COM",
    "example.com:443",
    "1.1.1.1",
    "1.1.1.1:80",
    "2606:4700::1",
    "[2606:4700::1]:443",
  ])("lets %s pass", (host) => {
    expect(judgeHost(host)).toBe("passes");
  });

  it.each([
    ["localhost", "host_local"],
    ["127.0.0.1", "address_not_public"],
    ["127.0.0.1:80", "address_not_public"],
    ["::1", "address_not_public"],
    ["[::1]:80", "address_not_public"],
    ["::ffff:169.254.169.254", "address_not_public"],
    ["2130706433", "address_spelling"],
    ["0x7f.1", "address_spelling"],
    ["0", "address_spelling"],
    ["127.1", "address_spelling"],
    ["example.com:22", "port_not_listed"],
    ["example.com:99999", "host_spelling"],
    ["example.com:", "host_spelling"],
    ["example.com.", "host_spelling"],
    ["https://example.com", "host_spelling"],
    ["example.com/path", "host_spelling"],
    ["example.com?x", "host_spelling"],
    ["example.com#x", "host_spelling"],
    ["user@example.com", "host_spelling"],
    ["-oProxyCommand=id", "host_spelling"],
    ["-v.example.com", "host_spelling"],
    ["exam%70le.com", "host_spelling"],
    ["[example.com]", "host_spelling"],
    ["[]", "host_spelling"],
    ["", "host_spelling"],
    ["example.com other.example", "url_characters"],
    ["example.com\n", "url_characters"],
  ])("forbids %j (%s)", (host, code) => {
    expect(judgeHost(host)).toBe(`forbidden ${code}`);
  });

  it("keeps to the lists of hosts and ports", () => {
    const options = { allowedHosts: ["db.example.com"], allowedPorts: [5432] };
    expect(judgeHost("db.example.com:5432", options)).toBe("passes");
    expect(judgeHost("db.example.com", options)).toBe("passes");
    expect(judgeHost("example.com:5432", options)).toBe("outside host_not_listed");
    expect(judgeHost("db.example.com:5433", options)).toBe("forbidden port_not_listed");
  });

  it("guards URLs beside hosts only where both are named", () => {
    const host = "example.com";
    expect(judge({ host: ["input.host"] }, { host, url: "http://10.0.0.1/" })).toBe("passes");
    const both = { host: ["input.host"], url: ["input.url"] };
    expect(judge(both, { host, url: "http://10.0.0.1/" })).toBe("forbidden address_not_public");
    expect(judge(both, { host: "10.0.0.1", url: "http://example.com/" })).toBe("forbidden address_not_public");
  });
});

describe("urlGuard and the leash's own ports", () => {
  const open: UrlGuardOptions = { denyPrivateIps: false, allowedPorts: [4711, 4712] };
  const judgeUrl = (url: string, answer?: Json): string => judge(open, { url }, [4711], answer);

  it.each<readonly [url: string, answer: Json | undefined]>([
    ["http://127.0.0.1:4711/", undefined],
    ["http://127.8.9.10:4711/", undefined],
    ["http://0.0.0.0:4711/", undefined],
    ["http://[::1]:4711/", undefined],
    ["http://[::]:4711/", undefined],
    ["http://[::ffff:127.0.0.1]:4711/", undefined],
    ["http://localhost:4711/", ["127.0.0.1"]],
    ["http://localhost:4711/", ["10.0.0.1", "::1"]],
    ["http://localhost:4711/", null],
    ["http://example.com:4711/", []],
  ])("forbids %s (%j) where private addresses pass", (url, answer) => {
    expect(judgeUrl(url, answer)).toBe("forbidden desk_port");
  });

  it("lets other ports, and other machines, pass", () => {
    for (const url of ["http://127.0.0.1:4712/", "http://10.0.0.1:4711/", "http://example.com:4711/"]) {
      expect(judgeUrl(url), url).toBe("passes");
    }
    expect(judgeUrl("http://localhost:4712/", null)).toBe("passes");
  });

  it("a bare host without a port may be meant for any", () => {
    const host = { ...open, host: ["input.host"] };
    expect(judge(host, { host: "127.0.0.1" }, [4711])).toBe("forbidden desk_port");
    expect(judge(host, { host: "localhost" }, [4711], ["::1"])).toBe("forbidden desk_port");
    expect(judge(host, { host: "127.0.0.1" }, [])).toBe("passes");
    expect(judge(host, { host: "127.0.0.1:4712" }, [4711])).toBe("passes");
  });

  it.each<readonly [what: string, places: Json | undefined]>([
    ["missing", undefined],
    ["null", null],
    ["a list", []],
    ["without ports", { folders: [], home: "/home/agent" }],
    ["with a port that is no number", { folders: [], ports: ["4711"], home: "/home/agent" }],
  ])("forbids every call where the leash's own places are %s", (_what, places) => {
    const probes = { "resolve:example.com": PUBLIC, ...(places === undefined ? {} : { "self:places": places }) };
    const refusal = urlGuard().check({ url: "https://example.com/" }, probes);
    expect(refusal).toMatchObject({ kind: "forbidden", code: "self_unknown" });
  });
});

describe("urlGuard's needs", () => {
  const needs = (options: UrlGuardOptions, input: Json): readonly string[] =>
    urlGuard(options)
      .needs(input)
      .map(({ kind, key }) => `${kind}:${key}`);

  it("asks once for each name and for no address", () => {
    const url = ["https://Example.com/a", "https://example.com/b", "https://1.1.1.1/", "https://api.example.com/"];
    expect(needs({}, { url })).toEqual(["self:places", "resolve:example.com", "resolve:api.example.com"]);
    const probes = { "self:places": { folders: [], ports: [], home: "" }, "resolve:example.com": PUBLIC };
    expect(urlGuard().check({ url }, probes)).toMatchObject({ code: "host_unresolved" });
  });

  it("looks nothing up for a call that is refused anyway: a name can carry a secret to its owner", () => {
    for (const url of ["https://secret.evil.example./", "https://u@evil.example/", "http://evil.example:22/", "x"]) {
      expect(needs({}, { url: ["https://example.com/", url] }), url).toEqual(["self:places"]);
    }
    expect(needs({ deniedHosts: ["evil.example"] }, { url: "https://secret.evil.example/" })).toEqual(["self:places"]);
    expect(needs({ allowedMethods: ["GET"] }, { url: "https://a.example/", method: "PUT" })).toEqual(["self:places"]);
    expect(needs({}, {})).toEqual(["self:places"]);
  });

  it("looks up hosts that are not listed unless nobody is asked about them", () => {
    const options = { allowedHosts: ["example.com"] };
    const input = { url: "https://other.example/" };
    expect(needs(options, input)).toEqual(["self:places", "resolve:other.example"]);
    expect(needs({ ...options, resolveUnlisted: false }, input)).toEqual(["self:places"]);
    expect(judge({ ...options, resolveUnlisted: false }, input)).toBe("outside host_not_listed");
    expect(needs({ ...options, resolveUnlisted: false }, { url: "https://example.com/" })).toHaveLength(2);
  });
});

describe("urlGuard's options", () => {
  it.each<readonly [string, UrlGuardOptions]>([
    ["allowedHosts", { allowedHosts: ["https://example.com"] }],
    ["deniedHosts", { deniedHosts: ["*"] }],
    ["deniedRanges", { deniedRanges: ["10.0.0.0/40"] }],
    ["allowedSchemes", { allowedSchemes: ["file"] }],
    ["allowedPorts", { allowedPorts: [0] }],
    ["allowedMethods", { allowedMethods: ["GET POST"] }],
    ["url", { url: [] }],
    ["host", { host: ["host"] }],
    ["method", { method: ["input."] }],
  ])("refuses %s that cannot be read: %j", (name, options) => {
    expect(() => urlGuard(options)).toThrow(expect.objectContaining({ code: "LEASH_CONFIG_INVALID" }));
    expect(() => urlGuard(options)).toThrow(name);
  });

  it("let nothing pass where an empty list says what is allowed", () => {
    const url = "https://example.com/";
    expect(judge({ allowedHosts: [] }, { url })).toBe("outside host_not_listed");
    expect(judge({ allowedSchemes: [] }, { url })).toBe("forbidden scheme_not_listed");
    expect(judge({ allowedMethods: [] }, { url })).toBe("forbidden method_not_listed");
    expect(judge({ allowedPorts: [], deniedHosts: [], deniedRanges: [] }, { url })).toBe("passes");
  });

  it("takes everything but false for a wish to keep private addresses out", () => {
    for (const wish of [undefined, "false", 0, null, true]) {
      const options = Object.assign({}, { denyPrivateIps: wish });
      expect(judge(options as UrlGuardOptions, { url: "http://10.0.0.1/" })).toBe("forbidden address_not_public");
    }
  });
});
