import { canonicalText, type Leash } from "@leashkit/core";
import { chatCall } from "./calls.fixture.ts";
import {
  createInterceptor,
  type Handlers,
  type Interceptor,
  type InterceptorOptions,
  type Suspension,
} from "./index.ts";
import { leashFor } from "./leash.fixture.ts";

export const POLICY = "default: deny\ntools: { buy: { decision: approve }, look: { decision: allow } }\n";
export const LOOK = chatCall("l", "look", { at: "shelf" });
export const BUY = chatCall("b", "buy", { item: "tea" });

interface Market {
  readonly leash: Leash;
  /** What ran, in its order. */
  readonly ran: string[];
  readonly handlers: Handlers;
  readonly interceptor: Interceptor;
}

/** A market where looking is free and buying needs a person, unless the policy says otherwise. */
export async function market(policy = POLICY, options: InterceptorOptions = {}): Promise<Market> {
  const leash = await leashFor(policy);
  const ran: string[] = [];
  const handlers: Handlers = {
    look: (input: never) => `saw ${ran.push(`look ${canonicalText(input)}`)}`,
    buy: (input: never) => `sold ${ran.push(`buy ${canonicalText(input)}`)}`,
  };
  return { leash, ran, handlers, interceptor: createInterceptor(leash, { handlers, ...options }) };
}

/** A suspension as a database gives it back. */
export const kept = (suspension: Suspension | null): Suspension => JSON.parse(JSON.stringify(suspension)) as Suspension;
