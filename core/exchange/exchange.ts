import { canonicalText } from "../canonical.ts";
import { sha256Hex } from "../digest.ts";
import { LeashError } from "../errors.ts";
import type { Gate, Run } from "../model/gate.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { KeySet, PublicKey } from "../model/keys.ts";
import type { Store } from "../store/store.ts";
import { isJsonObject } from "../strict-json.ts";
import { parseIsoTime, readClaims, refused } from "../tokens/claims.ts";
import { requireExpectedText } from "../tokens/expectation.ts";
import type { ProofClaims } from "../tokens/proof.ts";
import { verifyProof } from "../tokens/verify-proof.ts";

/** A body, and the proof that its sender had leave to send it. Both travel as they are. */
export interface Message {
  readonly body: Json;
  /** PASETO v4.public. */
  readonly proof: string;
}

/** How a seller answers. */
export interface AnswerOptions {
  /** The published keys of this one buyer: who holds a key can name any agent, so keys of several buyers are never put together. */
  readonly keys: KeySet | readonly PublicKey[];
  /** Who the seller is, as the buyer's policy calls it. */
  readonly audience: string;
  /** What the buyer must have had leave for, by its own policy's name: leave to ask for a price is none to order. */
  readonly buyerTool: string;
  /** Keeps which requests were answered: each is once, over restarts too. */
  readonly store: Store;
  /** The seller's tool; its counterparty stands at `input.buyer`. */
  readonly tool: string;
  /** What the seller would answer. It runs before the seller's own policy is asked, so it must change nothing. */
  readonly answer: (body: Json, request: ProofClaims) => Json | Promise<Json>;
}

/**
 * The seller's half: checks the buyer's proof (made for this seller, by this tool, for this very body, not used before), asks the seller's own
 * leash whether it may sell, runs the sale, and gives back what to send: the answer with the seller's own proof.
 *
 * What the seller's leash decides about is `{ buyer, request, request_hash, answer }`: who asks, the id of the buyer's proof, the
 * hash of the body that came, and the answer; so the seller's proof ties all four together. `run` gets exactly that.
 *
 * @param request what came in. Nothing of it is trusted before it is checked.
 * @throws {LeashError} `LEASH_TOKEN_INVALID`, `_EXPIRED`, `_AUDIENCE`, `_PURPOSE`, `_REVOKED`, `_USED` for the buyer's proof; what
 * `guard` throws where the seller's own policy says no; `LEASH_CONFIG_INVALID` in observe mode, which proves nothing.
 * @example
 * const options = { keys, audience: "shop.example", buyerTool: "order", store, tool: "sell", answer: quote };
 * const answer = await answerRequest(leash, request, options, ship);
 */
export async function answerRequest(
  leash: Pick<Gate, "guard">,
  request: Message,
  { answer, audience, buyerTool, keys, store, tool }: AnswerOptions,
  run: Run<unknown>,
): Promise<Message> {
  requireMessage(request);
  const expected = { audience, tool: requireExpectedText("buyerTool", buyerTool), input: hashOf(request.body) };
  const claims = await verifyProof(request.proof, keys, { ...expected, once: store });
  const input = saleInput(claims, await answer(request.body, claims));
  return leash.guard({ tool, input }, async (sale, permit) => {
    if (permit.proof === null) {
      throw new LeashError(
        "LEASH_CONFIG_INVALID",
        "The seller's leash only observes, so it has no proof to send back. Nothing was sold. Use the mode enforce.",
      );
    }
    // A policy may have computed another answer than the proposed one: what is proven is what is sent, whatever `run` does to it.
    const proven = canonicalText(answerIn(sale));
    await run(sale, permit);
    return { body: JSON.parse(proven) as Json, proof: permit.proof };
  });
}

/** What a buyer knows when an answer comes. */
export interface CheckOptions {
  /** What was sent. */
  readonly request: Message;
  /** The seller's published keys. */
  readonly keys: KeySet | readonly PublicKey[];
  /** Who the buyer is: its agent's name, as its own proof says. */
  readonly audience: string;
  /** Keeps both halves under the id of the buyer's proof. Default: they are not kept. */
  readonly store?: Store;
  /** The buyer's own published keys. */
  readonly ownKeys: KeySet | readonly PublicKey[];
  /** The seller, as the buyer's policy calls it. */
  readonly seller: string;
  /** What the seller must have had leave for, by its own policy's name: leave to name a price is none to sell. */
  readonly sellerTool: string;
}

/**
 * The buyer's half: checks that the seller had leave to give exactly this answer, to exactly this request, to this buyer; keeps
 * both halves, and returns what the seller's proof says.
 * @throws {LeashError} `LEASH_TOKEN_INVALID`, `_EXPIRED`, `_AUDIENCE`, `_PURPOSE`, `_REVOKED`; `LEASH_TOKEN_USED` where an answer
 * to this request is kept already.
 * @example
 * const sides = { ownKeys: leash.keySet(), audience: "buyer", seller: "shop.example", sellerTool: "sell" };
 * const sold = await checkAnswer(answer, { request, keys, store, ...sides });
 */
export async function checkAnswer(answer: Message, options: CheckOptions): Promise<ProofClaims> {
  const { audience, keys, ownKeys, request, seller, sellerTool, store } = options;
  requireMessage(answer);
  const input = hashOf(request.body);
  // As of its own time: a person may have had to say yes at the seller's, and what is asked here is only what was sent.
  const own = verifyProof(request.proof, ownKeys, { audience: seller, input, agent: audience, now: issuedAt(request) });
  const tool = requireExpectedText("sellerTool", sellerTool);
  const claims = verifyProof(answer.proof, keys, { audience, tool, input: hashOf(saleInput(own, answer.body)) });
  if (store === undefined) return claims;
  const body = { v: 1, request: { ...request }, answer: { ...answer } };
  const { ok } = await store.commit([{ kind: "exchange", id: own.jti, expect: 0, body }]);
  if (ok) return claims;
  throw new LeashError("LEASH_TOKEN_USED", "An answer to this request is kept already. Make a new request.");
}

/** What came in is JSON of whatever shape. */
function requireMessage(message: Message): void {
  if (!isJsonObject(message)) throw refused("what came is no message with a body and a proof");
}

function saleInput(claims: ProofClaims, answer: Json): JsonObject {
  return { buyer: claims.agent_id, request: claims.jti, request_hash: claims.input_hash, answer };
}

function answerIn(sale: Json): Json {
  const answer = isJsonObject(sale) ? sale["answer"] : undefined;
  if (answer !== undefined) return answer;
  throw new LeashError(
    "LEASH_INPUT_INVALID",
    "The seller's policy computed a sale without an answer. Nothing was sold.",
  );
}

/** When the buyer's own proof was made, as it says itself; its signature covers that. */
function issuedAt({ proof }: Message): number {
  return parseIsoTime(readClaims(proof).claims["iat"]) ?? Date.now();
}

function hashOf(body: Json): string {
  return sha256Hex(canonicalText(body));
}
