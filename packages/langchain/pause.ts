import type { Approval, AuthorizeOptions } from "@leashkit/core";
import type { PauseMode } from "./options.ts";
import type { Site } from "./site.ts";
import { dropWakeUps, hasWakeUp } from "./wake-ups.ts";

/** What `streamMode: "custom"` shows, and an interrupt carries: enough to find the approval, nothing that could answer it. */
export interface PendingNotice {
  readonly type: "leash.pending";
  readonly approvalId: string;
  readonly ref: string;
  readonly tool: string;
  /** The agents' names, from the first one to the one that asks. */
  readonly path: readonly string[];
  readonly digest: string;
  readonly toolCallId: string | null;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/**
 * The payload of a leash interrupt: a superset of what `humanInTheLoopMiddleware` shows, so that chat clients can render it.
 * No decision can be given in the reply, hence no `allowedDecisions`: a reply only wakes the agent, which then reads the desk.
 */
export interface LeashInterrupt {
  readonly actionRequests: readonly [{ readonly name: string; readonly args: unknown; readonly description: string }];
  readonly reviewConfigs: readonly [{ readonly actionName: string; readonly allowedDecisions: readonly [] }];
  readonly leash: PendingNotice;
}

/** How one call waits. `beforeRun` is called right before the tool runs on an approval. */
export interface Waiting extends Pick<AuthorizeOptions, "pause" | "onHold"> {
  beforeRun(): void;
}

const NOTHING = (): void => {};

export function waitingFor(mode: PauseMode, site: Site): Waiting {
  if (mode === "defer") return { pause: "defer", beforeRun: NOTHING };
  const interrupt = site.config.interrupt;
  if (mode !== "hold" && site.durable && typeof interrupt === "function") {
    return interrupting(site, (payload) => void interrupt(payload));
  }
  return { pause: "hold", onHold: (approval) => tell(site, approval), beforeRun: NOTHING };
}

/** LangGraph's durable pause: throws on the way in, returns on the way back. What it returns is not looked at. */
function interrupting({ config, ...site }: Site, interrupt: (payload?: LeashInterrupt) => void): Waiting {
  let woken = false;
  return {
    pause: async (approval) => {
      if (woken) dropWakeUps(config);
      interrupt(payloadOf(approval, site.toolCallId));
      woken = true;
    },
    // The execution that runs the tool does not ask any more; it only takes up the value that woke it.
    beforeRun() {
      if (!woken && hasWakeUp(config)) interrupt();
    },
  };
}

/** Where the graph streams custom chunks, they tell that a person is asked. */
function tell({ config: { writer }, toolCallId }: Site, approval: Approval): void {
  if (typeof writer === "function") (writer as (chunk: unknown) => unknown)(noticeOf(approval, toolCallId));
}

function noticeOf(approval: Approval, toolCallId: string | undefined): PendingNotice {
  const { id, ref, tool, principal, digest, expiresAt } = approval;
  const path = [...principal.chain, principal.agent];
  return { type: "leash.pending", approvalId: id, ref, tool, path, digest, toolCallId: toolCallId ?? null, expiresAt };
}

function payloadOf(approval: Approval, toolCallId: string | undefined): LeashInterrupt {
  const description = `Waits for a person, ref ${approval.ref}. Answer at the desk; a reply here only wakes the agent.`;
  return {
    actionRequests: [{ name: approval.tool, args: JSON.parse(approval.text) as unknown, description }],
    reviewConfigs: [{ actionName: approval.tool, allowedDecisions: [] }],
    leash: noticeOf(approval, toolCallId),
  };
}

/** The framework's own signals (interrupts, commands to a parent graph) pass through every layer untouched. */
export function isBubbleUp(thrown: unknown): boolean {
  return typeof thrown === "object" && thrown !== null && "is_bubble_up" in thrown && thrown.is_bubble_up === true;
}
