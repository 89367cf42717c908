import type { JsonObject } from "@leashkit/core";
import { seededRandom, type SeededRandom } from "@leashkit/core/testing";
import { perKind, type Rule, RULES_PER_SERVICE, type RuleOf, VERBS } from "./rules.ts";

/** One call, and the rule that every candidate must find for it. */
export interface Request {
  readonly service: string;
  readonly verb: string;
  /** The service and the verb with a dot between them. */
  readonly tool: string;
  readonly input: JsonObject;
  /** Undefined where no rule matches and the default answers. */
  readonly rule: Rule | undefined;
}

/** Requests of one run: far more than any cache of a processor's first level holds. */
export const REQUESTS = 4_096;

/** Of eight requests four match a rule, one has a tool that no rule speaks of, and three have a condition that fails. */
const KINDS = ["hit", "hit", "hit", "hit", "unknown", "miss", "miss", "miss"] as const;

/** Requests spread over all services, always the same ones for the same seed. */
export function makeTraffic(rules: readonly Rule[], seed: number, count = REQUESTS): readonly Request[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const rule = random.pick(rules);
    const kind = random.pick(KINDS);
    if (kind === "unknown") return unknownTool(rules, random);
    const verb = rule.kind === "any" ? random.pick(VERBS) : rule.kind;
    return request(rule.service, verb, inputFor(rule, kind === "hit", random), kind === "hit" ? rule : undefined);
  });
}

function request(service: string, verb: string, input: JsonObject, rule: Rule | undefined): Request {
  return { service, verb, tool: `${service}.${verb}`, input, rule };
}

/** Either a service that no rule names, or a verb that only the service's last rule meets, which then does not match. */
function unknownTool(rules: readonly Rule[], random: SeededRandom): Request {
  const input = { ...harmless(random), item: "lamp" };
  const services = rules.length / RULES_PER_SERVICE;
  if (random.next() < 0.5) return request(`other${random.integer(services)}`, random.pick(VERBS), input, undefined);
  return request(random.pick(rules).service, "delete", input, undefined);
}

/** What every call says of itself, so that the last rule of a service does not match. */
function harmless(random: SeededRandom): JsonObject {
  return { environment: random.pick(["staging", "test"]), dry_run: random.next() < 0.5, risk: random.integer(100) };
}

function inputFor(rule: Rule, hit: boolean, random: SeededRandom): JsonObject {
  return perKind<JsonObject>(rule, {
    pay: (payments) => ({ ...harmless(random), ...payment(payments, hit, random) }),
    fetch: ({ hosts, service }) => ({
      ...harmless(random),
      host: hit ? random.pick(hosts) : `api9.${service}.example`,
    }),
    write: ({ folder }) => {
      const below = hit ? folder : random.pick(["/workspace/other/", "/etc/", "/workspace/"]);
      return { ...harmless(random), path: `${below}src/file${random.integer(1000)}.ts` };
    },
    run: (command) => ({ ...harmless(random), command: commandLine(command, hit, random) }),
    any: (risky) => dangerous(risky, hit, random),
  });
}

function payment(rule: RuleOf<"pay">, hit: boolean, random: SeededRandom): JsonObject {
  const fine = { amount: 1 + random.integer(rule.most), currency: random.pick(rule.currencies) };
  if (hit) return fine;
  return random.next() < 0.5 ? { ...fine, amount: rule.most + 1 + random.integer(1000) } : { ...fine, currency: "XAU" };
}

function commandLine({ program, targets }: RuleOf<"run">, hit: boolean, random: SeededRandom): string {
  if (!hit) return random.pick([`${program} deploy`, "curl evil.example", "make build"]);
  return `${program} ${random.pick(targets)}${random.pick(["", " fast", " quietly"])}`;
}

/** A call that meets all three conditions of the rule, or all but one. Its tool's own rule, where it has one, never matches. */
function dangerous({ environment, riskAbove }: RuleOf<"any">, hit: boolean, random: SeededRandom): JsonObject {
  const all = { environment, dry_run: false, risk: riskAbove + 1 + random.integer(100), amount: 1_000_000 };
  const elsewhere = { currency: "XAU", host: "elsewhere.example", path: "/elsewhere", command: "true" };
  if (hit) return { ...all, ...elsewhere };
  const spoilt = random.pick([{ environment: "staging" }, { dry_run: true }, { risk: riskAbove }]);
  return { ...all, ...elsewhere, ...spoilt };
}
