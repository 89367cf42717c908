import type { JsonObject } from "@leashkit/core";
import { seededRandom } from "@leashkit/core/testing";
import { commandGuard } from "../../../core/policy/guards/commands.ts";
import type { Guard, Probes } from "../../../core/policy/guards/guard.ts";
import { moneyGuard } from "../../../core/policy/guards/money.ts";
import { pathGuard } from "../../../core/policy/guards/paths.ts";
import { recipientGuard } from "../../../core/policy/guards/recipients.ts";
import { sqlGuard } from "../../../core/policy/guards/sql.ts";
import { urlGuard } from "../../../core/policy/guards/urls.ts";
import { type Candidate, measure, ratio, shuffled } from "../measure.ts";
import { type Engine, inProcess, WrongAnswer } from "./engine.ts";
import { warmUp } from "./warm-up.ts";

/** One guard and the calls that it is measured with; all of them pass it. */
export interface GuardCase {
  readonly name: string;
  readonly guard: Guard;
  readonly tool: string;
  /** The input of the n-th call: no two are the same text. */
  readonly input: (n: number) => JsonObject;
  /** Whose answer is asked for by `guard.needs`. */
  readonly probes: (n: number) => Probes;
  /** An input that it must refuse, and the code it does so with. */
  readonly refused: readonly [input: JsonObject, code: string];
}

const PLACES = { folders: ["/home/user/.local/state/leashkit"], ports: [7090], home: "/home/user" };

export const GUARDS: readonly GuardCase[] = [
  {
    name: "urls",
    guard: urlGuard({ allowedHosts: ["*.exchange.example", "api.weather.example"], allowedMethods: ["GET", "POST"] }),
    tool: "http.request",
    input: (n) => ({
      method: "POST",
      url: `https://api${n}.exchange.example/v1/orders?client=${n}`,
      headers: { "content-type": "application/json" },
      body: { symbol: "ACME", quantity: n },
    }),
    probes: (n) => ({ "self:places": PLACES, [`resolve:api${n}.exchange.example`]: ["93.184.215.14", "2606:2800::1"] }),
    refused: [{ url: "https://api0.exchange.example/", method: "DELETE" }, "method_not_listed"],
  },
  {
    name: "paths",
    guard: pathGuard({ allowedPaths: ["/workspace/**"], denyExtensions: [".env", ".pem", ".key"] }),
    tool: "files.write",
    input: (n) => ({ path: `/workspace/project-${n}/src/index.ts`, content: "export const answer = 42;\n".repeat(4) }),
    probes: (n) => {
      const path = `/workspace/project-${n}/src/index.ts`;
      return { "self:places": PLACES, [`realpath:${path}`]: { path, kind: "file", links: 1 } };
    },
    refused: [{ path: "/etc/passwd" }, "realpath_unknown"],
  },
  {
    name: "recipients",
    guard: recipientGuard({ allowedRecipients: ["*@example.com", "ann@example.org"], maxRecipients: 5 }),
    tool: "mail.send",
    input: (n) => ({
      to: [`person${n}@example.com`, "ann@example.org"],
      subject: `Report ${n}`,
      text: "The report of this week is attached. Nothing is open.",
    }),
    probes: () => ({}),
    refused: [{ to: "eve@example.net" }, "recipient_not_listed"],
  },
  {
    name: "commands",
    guard: commandGuard({ allowedCommands: ["ls", "git", "npm run"], deniedCommands: ["git push"] }),
    tool: "shell.run",
    input: (n) => ({
      command: `git log --oneline -n ${n} src/file${n}.ts && npm run test`,
      reason: "What was changed last, and whether the tests still pass",
    }),
    probes: () => ({ "self:places": PLACES }),
    refused: [{ command: "git push origin main" }, "command_denied"],
  },
  {
    name: "sql",
    guard: sqlGuard({ statements: ["select"], deniedTables: ["salaries"] }),
    tool: "db.query",
    input: (n) => ({
      query: `SELECT id, name, count(*) FROM orders WHERE region = 'EU' AND client = ${n} GROUP BY id, name LIMIT 50`,
      timeout_ms: 5000,
    }),
    probes: () => ({}),
    refused: [{ query: "DELETE FROM orders" }, "sql_class_not_listed"],
  },
  {
    name: "money",
    guard: moneyGuard({ currencies: ["USD", "EUR"], max: 100_000 }),
    tool: "payments.send",
    input: (n) => ({
      amount_minor: 1999 + n,
      currency: "EUR",
      merchant_domain: `shop${n}.storeco.example`,
      item: "a small lamp, with its bulb",
    }),
    probes: () => ({}),
    refused: [{ amount_minor: 100_001, currency: "EUR" }, "amount_too_large"],
  },
];

const CALLS = 64;

export interface GuardMeasured {
  readonly name: string;
  /** UTF-8 bytes of a call's JSON text. */
  readonly bytes: number;
  /** Nanoseconds, medians. */
  readonly guard: number;
  readonly parse: number;
  readonly times: number;
}

/** What each guard takes once its probes are answered, beside what `JSON.parse` takes for the text of the same call. */
export async function measureGuards(
  cases: readonly GuardCase[],
  { seed, budgetMs }: { readonly seed: number; readonly budgetMs: number },
): Promise<readonly GuardMeasured[]> {
  for (const each of cases) checkGuard(each);
  const random = seededRandom(seed);
  const candidates: Candidate[] = [];
  for (const engine of cases.flatMap(enginesOf)) {
    const calls = await warmUp(engine);
    candidates.push({ name: engine.name, calls, run: (count) => engine.run(count) });
  }
  const measured = await measure(candidates, {
    rounds: 25,
    budgetMs,
    shuffle: (list) => shuffled(list, random),
  });
  const median = (name: string): number => measured.find((entry) => entry.name === name)?.median ?? Number.NaN;
  return cases.map((each) => ({
    name: each.name,
    bytes: Buffer.byteLength(textOf(each, 0)),
    guard: median(each.name),
    parse: median(parsing(each)),
    times: ratio(measured, each.name, parsing(each)),
  }));
}

/** @throws {WrongAnswer} where the guard stops one of its calls, or lets the wrong one pass. */
export function checkGuard({ name, guard, input, probes, refused: [wrong, code] }: GuardCase): void {
  for (let n = 0; n < CALLS; n += 1) {
    const refusal = guard.check(input(n), probes(n));
    if (refusal !== undefined) throw new WrongAnswer(`${name} refuses call ${n}: ${refusal.code}.`);
  }
  const found = guard.check(wrong, probes(0))?.code;
  if (found !== code) throw new WrongAnswer(`${name}: ${JSON.stringify(wrong)} is for ${code}, not for ${found}.`);
}

const parsing = ({ name }: GuardCase): string => `JSON.parse of a call for ${name}`;

function textOf({ tool, input }: GuardCase, n: number): string {
  return JSON.stringify({ tool, input: input(n) });
}

function enginesOf(each: GuardCase): readonly Engine[] {
  const numbers = Array.from({ length: CALLS }, (_, n) => n);
  const given = numbers.map((n) => ({ input: each.input(n), probes: each.probes(n) }));
  const texts = numbers.map((n) => textOf(each, n));
  const noAnswer = (): null => null;
  return [
    inProcess(each.name, given, ({ input, probes }) => each.guard.check(input, probes), noAnswer),
    inProcess(parsing(each), texts, (text): unknown => JSON.parse(text), noAnswer),
  ];
}
