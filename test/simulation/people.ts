import type { AgainChoice, Approval, Desk, Json } from "@leashkit/core";
import { checkDeskError, deskOf, digestShown, PEOPLE, tenantFor, TENANTS } from "./desks.ts";
import { AGAIN } from "./policies.ts";
import { type Click, count, isOneOf, type Machine, note, violate, type World } from "./world.ts";

type Verb = Exclude<Click["verb"], "revoke"> | "race" | "regret";

const VERBS: readonly Verb[] = [
  "approve",
  "approve",
  "approve",
  "approve",
  "approve",
  "regret",
  "deny",
  "edit",
  "race",
];

/** A person opens a desk at some process, looks at what waits and answers one question; or one they saw long ago. */
export async function answerSomething(world: World, machine: Machine): Promise<void> {
  const { random } = world;
  const [person, tenant] = [random.pick(PEOPLE), tenantFor(world)];
  const desk = deskOf(machine, tenant, person, random.integer(3) > 0);
  if (desk === undefined) return;
  try {
    const approval = await choose(world, desk, tenant);
    if (approval === undefined) return;
    await answer(world, desk, approval, random.pick(VERBS));
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

/** Writes down what a person is about to do to a question, and gives its id. */
function click(world: World, desk: Desk, approval: Approval, done: Omit<Click, "person" | "approvalId">): string {
  const { id: person } = desk.approver;
  world.clicks.push({ person, approvalId: approval.id, ...done });
  count(world, `person clicked ${done.verb}`);
  note(world, () => `${person} clicks ${done.verb} on ${approval.id.slice(-6)} (${approval.tool} ${approval.text})`);
  return approval.id;
}

async function answer(world: World, desk: Desk, approval: Approval, verb: Verb): Promise<void> {
  const { id: person } = desk.approver;
  const digest = digestShown(approval, JSON.parse(approval.text) as Json);
  if (verb === "approve") {
    const again = drawAgain(world, approval);
    await desk.approve(click(world, desk, approval, { verb, digest, again }), again === undefined ? {} : { again });
    if (again !== undefined && world.random.integer(4) === 0) await takeBackStanding(world, desk);
  }
  if (verb === "deny") await desk.deny(click(world, desk, approval, { verb, digest }));
  if (verb === "edit") {
    const input = { ...(JSON.parse(approval.text) as { amount: number; to: string }), to: `edited by ${person}` };
    await desk.edit(click(world, desk, approval, { verb, digest: digestShown(approval, input) }), input);
  }
  if (verb === "regret") {
    const approved = await desk.approve(click(world, desk, approval, { verb: "approve", digest }));
    const thinksMs = world.random.pick([0, 1, 10, 2_000]);
    if (thinksMs > 0) await new Promise((resolve) => setTimeout(resolve, thinksMs));
    await revoke(world, desk, approved);
  }
  if (verb === "race") {
    count(world, "yes and no at once");
    await Promise.allSettled([
      desk.approve(click(world, desk, approval, { verb: "approve", digest })),
      desk.deny(click(world, desk, approval, { verb: "deny", digest })),
    ]);
  }
}

/** Some permit calls like the one they see, and some more of them than they may, or where nobody may. */
function drawAgain(world: World, { tool }: Approval): Required<AgainChoice> | undefined {
  const { isCalm, random, theme } = world;
  if (isCalm || !isOneOf(world, theme.again)) return undefined;
  const most = tool === "tell" || tool === "beep" ? AGAIN[tool] : undefined;
  if (most === undefined) return random.integer(40) === 0 ? { uses: 1, forMs: 1_000 } : undefined;
  const isGreedy = random.integer(12) === 0;
  return {
    uses: isGreedy ? most.uses + 1 : random.pick([1, 1, most.uses]),
    forMs: random.pick([4_000, 20_000, most.forMs]),
  };
}

/** A person answers many questions with one click. */
export async function answerList(world: World, machine: Machine): Promise<void> {
  const { random } = world;
  const [person, tenant] = [random.pick(PEOPLE), tenantFor(world)];
  const desk = deskOf(machine, tenant, person, random.integer(3) > 0);
  try {
    const pending = (await desk?.pending()) ?? [];
    const chosen = pending.filter(({ demand }) => random.integer(demand === "step_up" ? 4 : 8) > 0);
    if (desk === undefined || chosen.length === 0) return;
    world.seen.push(...chosen);
    const verb = random.pick(["approve", "approve", "approve", "deny"] as const);
    const again = verb === "approve" && random.integer(2) === 0 ? { uses: 1, forMs: 5_000 } : undefined;
    const list = chosen.map(({ id }) => id);
    for (const approval of chosen) {
      const digest = digestShown(approval, JSON.parse(approval.text) as Json);
      click(world, desk, approval, { verb, digest, again, list });
    }
    count(world, "person answered a list");
    await (verb === "approve" ? desk.approve(list, again === undefined ? {} : { again }) : desk.deny(list));
  } catch (error) {
    checkDeskError(world, error);
  }
}

/** A person takes back a yes that was not used yet, or calls like one that they permitted. */
export async function takeBack(world: World, machine: Machine): Promise<void> {
  const { random } = world;
  const [person, tenant] = [random.pick(PEOPLE), tenantFor(world)];
  const desk = deskOf(machine, tenant, person, false);
  if (desk === undefined) return;
  try {
    await (random.integer(3) > 0 ? takeBackStanding(world, desk) : takeBackOne(world, desk, tenant));
  } catch (error) {
    checkDeskError(world, error);
  }
}

async function takeBackOne(world: World, desk: Desk, tenant: string): Promise<void> {
  const yeses = world.disk
    .rows("approval")
    .map(({ body }) => body as unknown as Approval)
    .filter(({ principal, status }) => principal.tenant === tenant && status === "approved");
  if (yeses.length === 0) return;
  await revoke(world, desk, world.random.pick(yeses));
}

async function revoke(world: World, desk: Desk, approval: Approval): Promise<void> {
  const revoked = await desk.revoke(click(world, desk, approval, { verb: "revoke", digest: approval.digest }));
  if (revoked.status !== "revoked") violate(world, "I3", `a yes was taken back and is ${revoked.status}`);
  world.takenBack.add(revoked.id);
}

async function takeBackStanding(world: World, desk: Desk): Promise<void> {
  const standing = await desk.allowances();
  if (standing.length === 0) return;
  const { id } = world.random.pick(standing);
  note(world, () => `${desk.approver.id} takes back the standing yes ${id.slice(-6)}`);
  const { tenant } = await desk.revokeAllowance(id);
  if (world.given.get(id)?.approval.principal.tenant !== tenant)
    violate(world, "I3", "a standing yes of another tenant was taken back");
  world.takenBack.add(id);
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
