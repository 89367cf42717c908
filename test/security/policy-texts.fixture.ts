/** A policy in the block form that people write. With `WHOLE_FLOW` it uses the whole language. */
export const WHOLE_BLOCK = `# What the shop's agents may do.
leash: 1
id: shop
default: deny
mode: enforce
layer: agent
extends: [./org.yaml]
counterparties:
  - match: "*.storeco.com"
    trust: HIGH
  - { match: example.net, trust: LOW }
channels:
  ops: ntfy://ntfy.example/ops
tools:
  http.request:
    aliases: [http_request]
    url: input.url
    allowed_hosts: [api.example.com, "*.example.org"]
    denied_hosts: [old.example.org]
    deny_ip_ranges: [198.51.100.0/24]
    deny_private_ips: true
    allowed_schemes: [https]
    allowed_ports: [443, 8443]
    allowed_methods: [GET, HEAD]
    method: input.method
    decision: allow
    otherwise: approve
    approval:
      expires_in: 3600
      use_within: 15m
      escalate_after: 10m
      edit: other
      quorum: 2
      roles: [cfo, cto]
      four_eyes: true
      reason_required: true
      notify: [ops, "mailto:ops@example.com"]
    obligations:
      - type: notify_security
        at: after
        params: { channel: ops }
    proof:
      ttl: 5m
    idempotent: true
    description: reads the web
  files.write:
    path: input.path
    relative_to: /workspace
    allowed_paths: ["/workspace/**"]
    denied_paths: ["/workspace/.git/**"]
    allow_extensions: [.md, .ts]
    deny_extensions: [.pem]
    hard_links: deny
    decision: allow
  shell.run:
    command: input.command
    allowed_commands: [ls, git status]
    denied_commands: [rm]
    allow_shell: [pipes, globs]
    cwd: input.cwd
    decision: step_up
    step_up: { methods: [webauthn, totp] }
  purchase:
    counterparty: input.merchant_domain
    money:
      amount: input.amount_minor
      currency: input.currency
      currencies: [USD, EUR]
      min: 1
      max: 900000
rules:
  - id: small-trusted
    action: purchase
    when: input.amount_minor < 5000 && counterparty.trust == "HIGH"
    effect: allow
    overridable: false
    reason: a small purchase in a known shop
    description: who pays
    proof: { ttl: 90s }
  - id: bounded
    action: [purchase, "bank.*"]
    constraints:
      amount_min: 1
      amount_max: 50000
      currency: [USD, EUR]
      allowed_domains: ["*.storeco.com"]
      blocked_domains: [bad.example]
    requirements:
      min_assurance_level: SUBSTANTIAL
      credential_scheme: webauthn
    effect: step_up
  - id: folded
    action: bank.transfer
    when: >-
      input.amount > 10 &&
      has(input.to)
    effect: approve
    mode: observe
    approval: { expires_in: 24h }
  - id: never
    action: "*"
    when: "false"
    effect: deny
limits:
  - id: daily
    action: purchase
    sum: money.amount
    per: [agent, money.currency, { path: input.region, values: [eu, us] }]
    window: 24h
    fixed: true
    max: 100000
    over: approve
tests:
  - name: nobody writes elsewhere
    call:
      tool: purchase
      input: { amount_minor: 1 }
      agent: shopper
      subject: ada
      session: s1
      side_effect: write
    facts:
      now: 1700000000000
      counterparty: shop.storeco.com
      probes: { "self:places": null }
    expect:
      effect: deny
      rule: tools.purchase
      reason_code: guard
      input: {}
`;

/** The rest of the language, in brackets and quotes as programs write it. */
export const WHOLE_FLOW = `{
  "leash": 1, "id": "data", "default": "passthrough", "mode": "observe",
  "tools": {
    "db.query": {"sql": "input.query", "statements": ["select", "explain"], "denied_tables": ["salaries"],
      "allowed_functions": ["slugify"], "decision": "allow"},
    "mail.send": {"recipients": ["input.to", "input.cc"], "allowed_recipients": ["*@example.com"],
      "denied_recipients": ["all@example.com"], "max_recipients": 5, "decision": "approve",
      "approval": {"use_within": "1h", "edit": "self"}},
    "ping": {"host": "input.host", "allowed_hosts": ["example.com"], "decision": "allow"},
  },
  "rules": [
    {"id": "capped", "action": ["db.query", 'db.*'], "effect": "compute",
      "compute": {"set": {"limit": "min(input.limit, 100)"}, "remove": ["hint"], "tool": "db.read"}},
    {"id": "structured", "action": "mail.send", "effect": "allow", "when": {"all": [
      {"path": "input.a", "eq": 1}, {"path": "input.b", "neq": 1}, {"path": "input.c", "in": [1]},
      {"path": "input.d", "nin": [1]}, {"path": "input.e", "lt": 1}, {"path": "input.f", "lte": 1},
      {"path": "input.g", "gt": 1}, {"path": "input.h", "gte": 1}, {"path": "input.i", "matches": "^a+$"},
      {"any": [{"path": "input.j", "starts_with": "a"}, {"path": "input.k", "ends_with": "a"}]},
      {"not": {"path": "input.l", "contains": "a"}}, {"path": "agent", "exists": true}]}},
  ],
  "limits": [{"id": "hourly", "action": "*", "per": ["subject", "tool"], "window": 3600, "max": 100, "over": "deny"}],
  "tests": [{"call": {"tool": "ping"}, "expect": "deny"}],
}
`;
