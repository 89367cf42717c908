import { readFile } from "node:fs/promises";
import { loadPolicy } from "@open-policy-agent/opa-wasm";
import { toolOf } from "./by-tool.ts";
import { answerBy, inProcess, type Maker } from "./engine.ts";
import { commandPattern, perKind, type Rule } from "./rules.ts";

const MODULE = new URL("opa/policy.wasm", import.meta.url);

/** See `opa/README.md` for how the module is built, and for the other ways that were measured. */
export const opa: Maker = {
  name: "OPA WASM",
  form: "rules as data in tables by tool, looked up by one Rego module; inputs written as JSON bytes beforehand",
  scans: false,
  role: "peer",
  async make(rules, requests) {
    const policy = await loadPolicy(await readFile(MODULE));
    policy.setData(jsonBytes(tables(rules)));
    const byId = new Map(rules.map((rule) => [rule.id, rule]));
    const inputs = requests.map(({ service, tool, input }) => jsonBytes({ service, tool, ...input }));
    return inProcess(
      this.name,
      inputs,
      // An array of results, empty where the rule is undefined.
      (input): unknown => policy.evaluate(input),
      (results) => answerBy(byId.get((results as readonly { readonly result: string }[])[0]?.result ?? "")),
    );
  },
};

/** What its `setData` and `evaluate` take without another conversion. */
function jsonBytes(value: unknown): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = new TextEncoder().encode(JSON.stringify(value));
  return buffer.slice(byteOffset, byteOffset + byteLength);
}

function tables(rules: readonly Rule[]): unknown {
  const data: Record<Rule["kind"], Record<string, unknown>> = { pay: {}, fetch: {}, write: {}, run: {}, any: {} };
  for (const rule of rules) data[rule.kind][toolOf(rule)] = { id: rule.id, ...entry(rule) };
  return data;
}

function entry(rule: Rule): Readonly<Record<string, unknown>> {
  return perKind<Readonly<Record<string, unknown>>>(rule, {
    pay: ({ most, currencies }) => ({ most, currencies: set(currencies) }),
    fetch: ({ hosts }) => ({ hosts: set(hosts) }),
    write: ({ folder }) => ({ folder }),
    run: (command) => ({ pattern: commandPattern(command) }),
    any: ({ environment, riskAbove }) => ({ environment, risk_above: riskAbove }),
  });
}

/** Looked up by key, which is faster than searching a list. */
function set(texts: readonly string[]): Readonly<Record<string, true>> {
  return Object.fromEntries(texts.map((text) => [text, true]));
}
