import { describe, expect, it } from "vitest";
import type { Probes } from "../guard.ts";
import { createIssueList } from "../../issues.ts";
import { block } from "../../readers.ts";
import { readYaml } from "../../yaml.ts";
import { urlForm } from "../urls.ts";

const PROBES: Probes = {
  "self:places": { folders: [], ports: [], home: "/home/agent" },
  "resolve:api.example.com": ["93.184.215.14"],
};

/** Reads an entry as the loader would: the issues as `code line`, and the guard. */
function read(yaml: string, asks = false) {
  const issues = createIssueList(yaml);
  const node = readYaml(yaml, issues.report);
  const found = node && block({ what: "a tool", keys: urlForm.keys })(node, issues.report);
  if (found !== undefined) urlForm.check?.(found, issues.report);
  return {
    issues: issues.list().map(({ code, line }) => `${code} ${line}`),
    guard: found && urlForm.create(found.values, asks),
  };
}

describe("the URL guard's keys", () => {
  it.each([
    "allowed_hosts: [api.example.com, '*.example.org', 1.1.1.1, '[2606:4700::1111]']",
    "allowed_hosts: [localhost, 10.0.0.1]\ndeny_private_ips: false",
    "denied_hosts: [pastebin.com, 10.0.0.1]",
    "deny_ip_ranges: [10.0.0.0/8, '2001:db8::/32', 1.2.3.4]",
    "deny_private_ips: true",
    "url: input.link",
    "url: [input.from, input.to.url]",
    "host: input.host\nallowed_ports: [5432]",
    "allowed_schemes: [https, wss]\nallowed_ports: [8443]\nallowed_methods: [GET, post]\nmethod: input.verb",
  ])("read %j", (yaml) => {
    const { issues, guard } = read(yaml);
    expect(issues).toEqual([]);
    expect(guard?.name).toBe("urls");
  });

  it.each([
    ["allowed_hosts: []", "bad_value 1"],
    ["allowed_hosts: example.com", "wrong_type 1"],
    ["allowed_hosts: [5]", "wrong_type 1"],
    ["allowed_hosts: [https://example.com]", "bad_host 1"],
    ["allowed_hosts: [example.com/x]", "bad_host 1"],
    ["allowed_hosts: ['example.com:443']", "bad_host 1"],
    ["allowed_hosts: ['*']", "bad_host 1"],
    ["allowed_hosts: [1.1.1.0/24]", "bad_host 1"],
    ["allowed_hosts: [0x7f.1]", "bad_host 1"],
    ["allowed_hosts: ['[1.1.1.1]']", "bad_host 1"],
    ["allowed_hosts: ['[::1', '::1%lo']", "bad_host 1,bad_host 1"],
    ["allowed_hosts: ['*.1.1.1.1']", "bad_host 1"],
    ["allowed_hosts: [example.com, EXAMPLE.com.]", "duplicate 1"],
    ["denied_hosts:\n  - pastebin.com\n  - 'paste bin.com'", "bad_host 3"],
    ["deny_ip_ranges: [10.0.0.1/8]", "bad_host 1"],
    ["deny_ip_ranges: [example.com]", "bad_host 1"],
    ["deny_private_ips: 'yes'", "wrong_type 1"],
    ["deny_private_ips: 1", "wrong_type 1"],
    ["allowed_schemes: [file]", "bad_value 1"],
    ["allowed_schemes: [data]", "bad_value 1"],
    ["allowed_schemes: [HTTPS]", "bad_value 1"],
    ["allowed_ports: [0]", "bad_value 1"],
    ["allowed_ports: [65536]", "bad_value 1"],
    ["allowed_ports: ['443']", "bad_value 1"],
    ["allowed_ports: [8443, 8443]", "duplicate 1"],
    ["allowed_ports: []", "bad_value 1"],
    ["allowed_methods: ['GET POST']", "bad_value 1"],
    ["allowed_methods: [GET, get]", "duplicate 1"],
    ["url: link", "bad_path 1"],
    ["url: []", "bad_value 1"],
    ["host: input", "bad_path 1"],
    ["allowed_methods: [GET]\nmethod: verb", "bad_path 2"],
    ["url: input.url\nmethod: input.verb", "misplaced_key 2"],
    ["host: input.host\nallowed_schemes: [http]", "misplaced_key 2"],
    ["denied_hosts: [example.com]\nallowed_hosts: [api.example.com]", "dead_rule 2"],
    ["denied_hosts: ['*.example.com']\nallowed_hosts: ['*.api.example.com']", "dead_rule 2"],
    ["denied_hosts: [1.1.1.1]\nallowed_hosts: [1.1.1.1]", "dead_rule 2"],
    ["allowed_hosts: [localhost]", "dead_rule 1"],
    ["allowed_hosts: ['*.internal']", "dead_rule 1"],
    ["allowed_hosts: [10.0.0.1]", "dead_rule 1"],
    ["allowed_hosts: ['::1']\ndeny_private_ips: true", "dead_rule 1"],
  ])("refuse %j with %s", (yaml, issue) => {
    expect(read(yaml).issues.join()).toBe(issue);
  });

  it("make no guard where none of them stands", () => {
    expect(urlForm.create({}, false)).toBeUndefined();
  });

  it("ask for the addresses of a host outside the lists only where a person may be asked about it", () => {
    const needs = (asks: boolean): readonly string[] =>
      (read("allowed_hosts: [a.example]", asks).guard?.needs({ url: "https://b.example/" }) ?? []).map(
        ({ kind }) => kind,
      );
    expect([needs(true), needs(false)]).toEqual([["self", "resolve"], ["self"]]);
  });

  it("keep private addresses out as soon as one of them stands", () => {
    for (const yaml of ["allowed_ports: [8443]", "url: input.url", "denied_hosts: [pastebin.com]"]) {
      const refusal = read(yaml).guard?.check({ url: "http://169.254.169.254/" }, PROBES);
      expect(refusal, yaml).toMatchObject({ kind: "forbidden", code: "address_not_public" });
    }
  });

  it("reach the guard, each one", () => {
    const code = (yaml: string, input: Record<string, string>): string | undefined =>
      read(yaml).guard?.check(input, PROBES)?.code;
    const url = "https://api.example.com/";
    expect(code("allowed_hosts: [api.example.com]", { url })).toBeUndefined();
    expect(code("allowed_hosts: [other.example.com]", { url })).toBe("host_not_listed");
    expect(code("denied_hosts: [example.com]", { url })).toBe("host_denied");
    expect(code("deny_ip_ranges: [93.184.215.0/24]", { url })).toBe("address_denied");
    expect(code("deny_private_ips: false", { url: "http://10.0.0.1/" })).toBeUndefined();
    expect(code("allowed_schemes: [http]", { url })).toBe("scheme_not_listed");
    expect(code("allowed_ports: [8443]", { url: "https://api.example.com:8443/" })).toBeUndefined();
    expect(code("allowed_methods: [POST]", { url })).toBe("method_not_listed");
    expect(code("allowed_methods: [POST]\nmethod: input.verb", { url, verb: "post" })).toBeUndefined();
    expect(code("url: input.link", { link: "http://localhost/" })).toBe("host_local");
    expect(code("host: input.host", { host: "localhost" })).toBe("host_local");
  });
});
