import { describe, expect, it } from "vitest";
import type { Json } from "../../model/json.ts";
import { sampleCall } from "../call.fixture.ts";
import { checkPolicy, loadPolicy } from "../load.ts";

const POLICY = `tools:
  shell.exec:
    decision: approve
    deny_patterns: ["rm -rf", "curl.*\\\\|.*sh"]
    allowed_commands: [ls, git]
  files.write:
    decision: approve
    allowed_paths: [/tmp/]
    deny_extensions: [".env", ".pem"]
  http.request:
    decision: allow
    allowed_methods: [GET]
    deny_domains: [pastebin.com]
    allowed_domains: [api.example.com, .example.org, pastebin.example.com]
    deny_ip_ranges: [127.0.0.0/8, 203.0.113.0/24]
`;

const PLACES = { "self:places": { folders: ["/state/leashkit"], ports: [], home: "/users/ada" } };

function answer(tool: string, input: Json, probes: Readonly<Record<string, Json>> = {}): string {
  const call = sampleCall(input, { tool: { id: tool }, facts: { probes: { ...PLACES, ...probes } } });
  const { effect, rule, reasonCode } = loadPolicy(POLICY).evaluate(call.action, call.tool, call.facts);
  return `${effect} ${rule} ${reasonCode}`;
}

const real = (path: string): Readonly<Record<string, Json>> => ({
  [`realpath:${path}`]: { path, kind: "missing", links: 0 },
});
const at = (host: string, ...addresses: string[]): Readonly<Record<string, Json>> => ({
  [`resolve:${host}`]: addresses,
});

describe("a Gatekeeper document", () => {
  it("decides by its entries and denies everything else", () => {
    expect(answer("shell.exec", { command: "ls -la" })).toBe("approve tools.shell.exec tool_default");
    expect(answer("files.write", { path: "/tmp/a.txt" }, real("/tmp/a.txt"))).toBe(
      "approve tools.files.write tool_default",
    );
    expect(answer("other", {})).toBe("deny default default");
  });

  it("C: parses where it matched texts", () => {
    expect(answer("shell.exec", { command: "ls; rm -rf /" })).toBe("deny shell.exec.deny_patterns rule");
    for (const command of ["rm  -fr /", "ls > /etc/x", "/tmp/evil/ls", "git -c alias.x=!id x"])
      expect(answer("shell.exec", { command })).toMatch(/^deny tools\.shell\.exec guard$/u);
    for (const path of ["/tmp/../etc/passwd", "/tmp/.env.local", "/tmp/a.PEM"])
      expect(answer("files.write", { path }, real(path))).toBe("deny tools.files.write guard");
  });

  it("C: keeps requests from private addresses, also those that it does not list", () => {
    const url = "https://api.example.com/v1";
    expect(answer("http.request", { url }, at("api.example.com", "93.184.216.34"))).toBe(
      "allow tools.http.request tool_default",
    );
    for (const address of ["127.0.0.1", "100.64.0.1", "198.18.0.1", "::1", "203.0.113.9"])
      expect(answer("http.request", { url }, at("api.example.com", address))).toBe("deny tools.http.request guard");
    expect(answer("http.request", { url, method: "POST" }, at("api.example.com", "93.184.216.34"))).toMatch(/^deny /u);
  });

  it("C: takes a name with a dot before it as the name and all below it", () => {
    for (const host of ["example.org", "a.example.org"])
      expect(answer("http.request", { url: `https://${host}/` }, at(host, "93.184.216.34"))).toMatch(/^allow /u);
    expect(answer("http.request", { url: "https://example.net/" }, at("example.net", "93.184.216.34"))).toMatch(
      /^deny /u,
    );
  });

  it("makes the bounds of its executors a duty that somebody must take on", () => {
    const policy = loadPolicy(
      "tools: { shell.exec: { decision: approve, max_timeout_ms: 5, sandbox_command_prefix: [firejail] } }",
    );
    expect(policy.requires?.obligations).toEqual(["gatekeeper.executor_bounds"]);
    const { action, tool, facts } = sampleCall({}, { tool: { id: "shell.exec" } });
    expect(policy.evaluate(action, tool, facts).obligations).toEqual([
      {
        type: "gatekeeper.executor_bounds",
        at: "before",
        params: { max_timeout_ms: 5, sandbox_command_prefix: ["firejail"] },
      },
    ]);
  });

  it.each([
    ["a pattern that is none", "tools: { shell.exec: { decision: allow, deny_patterns: ['('] } }", "bad_pattern"],
    ["no decision", "tools: { shell.exec: { allowed_commands: [ls] } }", "missing_key"],
    ["an unknown key", "tools: { shell.exec: { decision: allow, deny_pattern: [] } }", "unknown_key"],
    ["a relative prefix", "tools: { files.write: { decision: allow, allowed_paths: [./data/] } }", "bad_pattern"],
    ["budgets", "tools: { a: { decision: allow } }\nbudgets: []", "unsupported"],
    ["self-declared roles", "tools: { a: { decision: allow } }\nprincipals: {}", "unsupported"],
  ])("C: %s does not load", (_what, text, code) => {
    expect(checkPolicy(text).map((issue) => issue.code)[0]).toBe(code);
  });
});
