import { type Leash, loadPolicy, type Narrowing, type Principal } from "@leashkit/core";
import { LIMITS, type LimitFacts, TOOLS, type ToolName } from "./policies.ts";

/** What the simulation knows of a child agent beside how it is made. */
export interface ChildFacts {
  /** How it is narrowed, the outermost step first. */
  readonly steps: readonly Narrowing[];
  /** What it may run at most, whoever says yes. */
  readonly tools: readonly ToolName[];
  /** What a person is asked about for a child alone. */
  readonly asks: readonly ToolName[];
  readonly reachesPeople: boolean;
}

/** What a parent adds for `helper`; its limit has the name of one of the parent's, and is none of them. */
export const OWN_POLICY = await loadPolicy(`
leash: 1
id: helper
default: allow
rules:
  - { id: no-hand, action: hand, effect: deny }
  - { id: ask-ping, action: ping, effect: approve, approval: { expires_in: 60s, use_within: 20s } }
limits:
  - { id: few, action: [note, sync], per: [agent], window: 24h, max: 1 }
`);

const OWN_LIMIT: LimitFacts = { id: "helper's few", tools: ["note", "sync"], max: 1, asks: false };

const HELPER: Narrowing = {
  agent: "helper",
  tools: ["pay", "hand", "cap", "sync", "note", "ping", "tell", "beep"],
  policy: OWN_POLICY,
};

const EVERYTHING: readonly ToolName[] = ["pay", "hand", "cap", "wire", "vault", "sync", "note", "ping", "tell", "beep"];

export const CHILDREN = {
  helper: {
    steps: [HELPER],
    tools: ["pay", "cap", "sync", "note", "ping", "tell", "beep"],
    asks: ["ping"],
    reachesPeople: true,
  },
  // What it is passed on and its parent has not stays out of reach.
  sub: {
    steps: [HELPER, { agent: "sub", tools: ["pay", "hand", "wire", "vault", "note", "ping", "beep"] }],
    tools: ["pay", "note", "ping", "beep"],
    asks: ["ping"],
    reachesPeople: true,
  },
  silent: { steps: [{ agent: "silent", asks: false }], tools: EVERYTHING, asks: [], reachesPeople: false },
} as const satisfies Readonly<Record<string, ChildFacts>>;

export type ChildName = keyof typeof CHILDREN;

const CHILD_NAMES = Object.keys(CHILDREN) as readonly ChildName[];

/** As often as they are chosen: one that reaches nobody is soon done. */
export const CHILDREN_CHOSEN: readonly ChildName[] = ["helper", "helper", "helper", "sub", "sub", "silent"];

/** The child of that name, or undefined for an agent of its own. */
export function factsOf(agent: string): ChildFacts | undefined {
  return CHILD_NAMES.includes(agent as ChildName) ? CHILDREN[agent as ChildName] : undefined;
}

/** The agents above an agent of that name, the outermost first. */
export function chainOf(agent: string): Principal["chain"] {
  const steps = factsOf(agent)?.steps ?? [];
  return ["agent", ...steps.map((step) => step.agent ?? "")].slice(0, steps.length);
}

/** Whether a person must say yes for this agent, whatever version of the policy decides. */
export function mustAsk(agent: string, tool: ToolName): boolean {
  return TOOLS[tool].asks || factsOf(agent)?.asks.includes(tool) === true;
}

/** Whether an agent may run a tool at all. */
export function mayRun(agent: string, tool: ToolName): boolean {
  return tool !== "wipe" && (factsOf(agent)?.tools.includes(tool) ?? true);
}

/** The limits that a call of an agent counts on: its parents', and what they added for it. */
export function limitsFor(agent: string, tool: ToolName): readonly LimitFacts[] {
  const isHelper = agent === "helper" || agent === "sub";
  return [...LIMITS, ...(isHelper ? [OWN_LIMIT] : [])].filter(({ tools }) => tools.includes(tool));
}

/** The leash of a child, made anew as a program makes it, and its parent's. */
export function narrowedBy(leash: Leash, child: ChildName): { readonly child: Leash; readonly parent: Leash } {
  const steps: readonly Narrowing[] = CHILDREN[child].steps;
  return { child: steps.reduce((above, step) => above.narrow(step), leash), parent: leash };
}
