import type { Approval } from "../../model/approval.ts";
import type { AdapterBinding } from "./binding.ts";
import type { Ending, Scenario, Setting } from "./scenario.ts";
import { createStage } from "./stage.ts";
import { createWorld } from "./world.ts";

/** What one binding made of one scenario. */
export interface Played {
  readonly endings: readonly Ending[];
  /** What tools ran with. */
  readonly runs: readonly string[];
  /** The log without what differs from run to run. */
  readonly payloads: readonly string[];
  /** What people were shown. */
  readonly approvals: readonly string[];
}

/** Plays a scenario through a binding in a world of its own. */
export async function play(
  scenario: Pick<Scenario, "setting" | "story">,
  binding: AdapterBinding,
  changes: Partial<Setting> = {},
): Promise<Played> {
  const world = await createWorld(binding, { ...scenario.setting, ...changes });
  try {
    const endings = await scenario.story(createStage(world));
    const lines = await world.log();
    return {
      endings: endings.map(withoutRef),
      runs: [...world.runs],
      payloads: lines.map(payloadOf),
      approvals: world.asked.map(shown),
    };
  } finally {
    await world.close();
  }
}

function withoutRef({ kind, text }: Ending): Ending {
  return { kind, text: text.replace(/\bref [0-9A-Z]+\b/, "ref …") };
}

const ENVELOPE: ReadonlySet<string> = new Set([
  "v",
  "stream",
  "seq",
  "ts",
  "action_id",
  "decision_id",
  "approval_id",
  "proof_kid",
  "proof_jti",
  "adapter",
  "trace_id",
  "prev",
  "hash",
]);

/** I13 speaks of the payload: ids, times, chain fields and the adapter's name are the envelope. */
function payloadOf(line: string): string {
  const members = Object.entries(JSON.parse(line) as Readonly<Record<string, unknown>>);
  return JSON.stringify(Object.fromEntries(members.filter(([name]) => !ENVELOPE.has(name))));
}

function shown({ demand, tool, text, digest, principal, rule, reason, terms }: Approval): string {
  return JSON.stringify({ demand, tool, text, digest, principal, rule, reason, terms });
}
