import { type Action, loadPolicy, type Policy } from "@leashkit/core";

/** What the simulation knows of a tool beside what the policies say. */
export interface ToolFacts {
  /** Both policies demand a person. */
  readonly asks: boolean;
  readonly idempotent: boolean;
  /** A policy may compute another form of the call. */
  readonly computed: boolean;
  /** Who says yes to one call may permit calls like it. */
  readonly again: boolean;
}

const TOOL: ToolFacts = { asks: true, idempotent: false, computed: false, again: false };

export const TOOLS = {
  pay: TOOL,
  hand: TOOL,
  cap: { ...TOOL, computed: true },
  wire: TOOL,
  vault: TOOL,
  sync: { ...TOOL, idempotent: true },
  note: { ...TOOL, asks: false },
  ping: { ...TOOL, asks: false, idempotent: true },
  tell: { ...TOOL, again: true },
  beep: { ...TOOL, again: true, idempotent: true },
  wipe: TOOL,
} as const satisfies Readonly<Record<string, ToolFacts>>;

export type ToolName = keyof typeof TOOLS;

export const TOOL_NAMES = Object.keys(TOOLS) as readonly ToolName[];

/** What an approver may permit beyond one call: the most of it. */
export const AGAIN = {
  tell: { uses: 3, forMs: 50_000, session: true },
  beep: { uses: 2, forMs: 100_000, session: false },
} as const;

/** From this amount on `tell` is another question: who asks must prove who they are. */
export const MUCH = 400;

/** A limit of both policies: far less than is asked for. */
export interface LimitFacts {
  readonly id: string;
  readonly tools: readonly ToolName[];
  readonly max: number;
  /** Beyond it a person may let a call go, who sees by how much. */
  readonly asks: boolean;
}

export const LIMITS: readonly LimitFacts[] = [
  { id: "few", tools: ["note", "ping"], max: 2, asks: false },
  { id: "told", tools: ["tell"], max: 2, asks: true },
];

function limitLine({ asks, id, max, tools }: LimitFacts): string {
  const over = asks ? ", over: approve" : "";
  return `  - { id: ${id}, action: [${tools.join(", ")}], per: [agent], window: 24h, max: ${max}${over} }`;
}

/**
 * Two versions of one document, between which processes go back and forth while calls are under way. What `cap` computes
 * changes with the time alone: the rule is the same, and what a person saw is not what it would run.
 */
const text = (version: { readonly note: string; readonly pay: string; readonly tell: string }): string => `
leash: 1
id: simulation
default: deny
tools:
  sync: { idempotent: true }
  ping: { idempotent: true }
  beep: { idempotent: true }
rules:
  - { id: pay, action: pay, effect: approve, approval: { expires_in: 60s, use_within: ${version.pay} } }
  - { id: hand, action: hand, effect: approve, approval: { expires_in: 60s, use_within: 20s, edit: self } }
  - id: cap
    action: cap
    effect: approve
    approval: { expires_in: 60s, use_within: 20s }
    compute: { set: { amount: "min(input.amount, now.getSeconds() < 30 ? 100 : 50)" } }
  - { id: wire, action: wire, effect: step_up, step_up: { methods: [passkey] }, approval: { expires_in: 60s, use_within: 20s } }
  - { id: vault, action: vault, effect: approve, approval: { expires_in: 60s, use_within: 20s, quorum: 2 } }
  - { id: sync, action: sync, effect: approve, approval: { expires_in: 60s, use_within: 20s } }
  - id: tell-much
    action: tell
    when: input.amount > ${MUCH}
    effect: step_up
    step_up: { methods: [passkey] }
    approval: { expires_in: 60s, use_within: 20s }
  - id: tell
    action: tell
    effect: approve
    approval:
      { expires_in: 60s, use_within: ${version.tell}, again: { uses: 3, for: 50s, vary: [input.amount] } }
  - id: beep
    action: beep
    effect: approve
    approval:
      { expires_in: 60s, use_within: 20s, again: { uses: 2, for: 100s, vary: [input.amount], session: false } }
  - { id: note, action: note, effect: ${version.note} }
  - { id: ping, action: ping, effect: allow, proof: { ttl: 20s } }
limits:
${LIMITS.map(limitLine).join("\n")}
`;

export const POLICIES: readonly [Policy, Policy] = [
  await loadPolicy(text({ note: "allow", pay: "20s", tell: "20s" })),
  await loadPolicy(text({ note: "approve", pay: "25s", tell: "25s" })),
];

/**
 * A policy that is whichever of the two its process goes by at the moment. One decision is wholly one policy's, though the
 * process may change its mind while the counters are read.
 */
export function policyOf(process: { readonly version: 0 | 1 }): Policy {
  const [first] = POLICIES;
  const deciding = new WeakMap<Action, Policy>();
  const chosen = (action: Action): Policy => deciding.get(action) ?? POLICIES[process.version];
  return {
    id: first.id,
    digest: first.digest,
    source: first.source,
    mode: first.mode,
    canAsk: true,
    ...(first.requires !== undefined && { requires: first.requires }),
    idempotent: (tool) => POLICIES[process.version].idempotent?.(tool),
    needs(action, ...rest) {
      const policy = POLICIES[process.version];
      deciding.set(action, policy);
      return policy.needs(action, ...rest);
    },
    evaluate: (action, ...rest) => chosen(action).evaluate(action, ...rest),
    charges: (action, ...rest) => chosen(action).charges?.(action, ...rest) ?? [],
  };
}
