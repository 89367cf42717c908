import { type Approval, type Desk, domainDigest, isLeashError, type Json } from "@leashkit/core";
import { TENANTS } from "./agents.ts";
import { count, type Click, type Machine, note, violate, type World } from "./world.ts";

const PEOPLE = ["ann", "bob", "eve"] as const;

type Verb = Click["verb"] | "race";

function deskOf(machine: Machine, tenant: string, person: string, isProven: boolean): Desk | undefined {
  const proof = isProven ? ({ method: "passkey", assurance: "step_up" } as const) : {};
  return machine.leash?.as({ tenant }).desk({ id: person, ...proof });
}

/** What a person reads on the card, as they would compute it themselves. */
function digestShown({ principal: { agent, subject, tenant }, tool }: Approval, input: Json): string {
  return domainDigest("leashkit/action/1", { v: 1, tenant, agent, subject, tool, input });
}

/** A person opens a desk at some process, looks at what waits and answers one question; or one they saw long ago. */
export async function answerSomething(world: World, machine: Machine): Promise<void> {
  const { random } = world;
  const [person, tenant] = [random.pick(PEOPLE), random.pick(TENANTS)];
  const desk = deskOf(machine, tenant, person, random.integer(3) > 0);
  if (desk === undefined) return;
  try {
    const approval = await choose(world, desk, tenant);
    if (approval === undefined) return;
    const verb = random.pick(["approve", "approve", "approve", "approve", "deny", "edit", "race"] as const);
    await answer(world, desk, approval, verb);
  } catch (error) {
    checkDeskError(world, error);
  }
}

async function choose(world: World, desk: Desk, tenant: string): Promise<Approval | undefined> {
  const { random } = world;
  const known = world.seen.filter(({ principal }) => random.integer(8) === 0 || principal.tenant === tenant);
  if (known.length > 0 && random.integer(3) === 0) {
    count(world, "answer to a question seen earlier");
    return random.pick(known);
  }
  const pending = await desk.pending();
  if (pending.length === 0) return undefined;
  const approval = random.pick(pending);
  world.seen.push(approval);
  // People take their time.
  const thinksMs = random.pick([0, 0, 0, 0, 10, 10, 2_000, 58_000, 61_000]);
  if (thinksMs > 0) await new Promise((resolve) => setTimeout(resolve, thinksMs));
  return approval;
}

async function answer(world: World, desk: Desk, approval: Approval, verb: Verb): Promise<void> {
  const { id: person } = desk.approver;
  const shown = digestShown(approval, JSON.parse(approval.text) as Json);
  const click = (done: Click["verb"], digest = shown): string => {
    world.clicks.push({ verb: done, person, approvalId: approval.id, digest });
    count(world, `person clicked ${done}`);
    note(world, () => `${person} clicks ${done} on ${approval.id.slice(-6)} (${approval.tool} ${approval.text})`);
    return approval.id;
  };
  if (verb === "approve") await desk.approve(click("approve"));
  if (verb === "deny") await desk.deny(click("deny"));
  if (verb === "edit") {
    const input = { ...(JSON.parse(approval.text) as { amount: number; to: string }), to: `edited by ${person}` };
    await desk.edit(click("edit", digestShown(approval, input)), input);
  }
  if (verb === "race") {
    count(world, "yes and no at once");
    await Promise.allSettled([desk.approve(click("approve")), desk.deny(click("deny"))]);
  }
}

const ANSWERS = [
  "LEASH_DENIED",
  "LEASH_EXPIRED",
  "LEASH_STORE_UNAVAILABLE",
  "LEASH_CONFIG_INVALID",
  "LEASH_INPUT_INVALID",
] as const;

function checkDeskError(world: World, error: unknown): void {
  const isExpected = ANSWERS.some((code) => isLeashError(error, code));
  count(world, `desk said ${isLeashError(error) ? error.code : "something else"}`);
  if (!isExpected) violate(world, "I4", `a desk threw ${String(error)}`);
}

/** Once all is calm: people who say yes to whatever still waits. */
export async function approveAll(world: World, machine: Machine): Promise<void> {
  const waiting = world.disk.rows("approval").map(({ body }) => body as unknown as Approval);
  for (const tenant of TENANTS) {
    if (!waiting.some(({ principal, status }) => status === "pending" && principal.tenant === tenant)) continue;
    for (const person of PEOPLE) {
      const desk = deskOf(machine, tenant, person, true);
      for (const approval of (await desk?.pending()) ?? []) {
        if (desk === undefined) return;
        await answer(world, desk, approval, "approve").catch((error: unknown) => checkDeskError(world, error));
      }
    }
  }
}
