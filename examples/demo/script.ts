import { lastResult, type Turn } from "./model.ts";
import { dollars, type Order } from "./orders.ts";

/** Under the policy's `*.storeco.com`, so it is trusted. */
export const TRUSTED = "shop.storeco.com";
/** Not mentioned in the policy, so it is a stranger, whatever a call says of it. */
export const STRANGER = "bargains.example";

const order = (item: string, merchant: string, amount: number): Order => ({
  item,
  merchant_domain: merchant,
  amount_minor: amount,
  currency: "USD",
});

export const NOTEBOOK = order("a notebook", TRUSTED, 2_000);
export const LAMP = order("a lamp", TRUSTED, 8_000);
export const CHAIR = order("a chair", TRUSTED, 12_000);
export const LAPTOP = order("a laptop", TRUSTED, 90_000);
export const CABLE = order("a cable", STRANGER, 3_500);
export const HEADPHONES = order("headphones", STRANGER, 6_000);
export const PRINTER = order("a printer", STRANGER, 30_000);
export const CAMERA = order("a camera", STRANGER, 25_000);

export const ORDERS: readonly Order[] = [NOTEBOOK, LAMP, CHAIR, LAPTOP, CABLE, HEADPHONES, PRINTER, CAMERA];

/** What the scripted person says, and when: as soon as they are asked, or only when the story has them come back. */
export interface ScriptedAnswer {
  readonly answer: "approve" | "deny";
  readonly when: "at once" | "later";
  readonly reason?: string;
}

/** By item, as the person reads it in the approval. */
export const ANSWERS: ReadonlyMap<string, ScriptedAnswer> = new Map([
  // Asked for only when the threshold is lowered.
  [NOTEBOOK.item, { answer: "approve", when: "at once" }],
  [LAMP.item, { answer: "approve", when: "at once" }],
  [CHAIR.item, { answer: "deny", when: "at once", reason: "We have enough chairs." }],
  // A plain yes: the policy wants proof of who says it, so it does not count.
  [LAPTOP.item, { answer: "approve", when: "at once" }],
  [CABLE.item, { answer: "approve", when: "later" }],
  [HEADPHONES.item, { answer: "approve", when: "later" }],
  [PRINTER.item, { answer: "approve", when: "later" }],
  [CAMERA.item, { answer: "approve", when: "later" }],
]);

/** The model's turns, each named for what it does. */
export const buys =
  (wanted: Order): Turn =>
  () => ({ tool: "purchase", args: wanted });

export const writes =
  (path: string, text: string): Turn =>
  () => ({ tool: "write_file", args: { path, text } });

/** Asks what became of the call whose ref it was told earlier. */
export const asksAgain: Turn = (messages) => {
  const told = messages.map(({ text }) => /\bref ([A-Z0-9]{4,})\b/u.exec(text)?.[1]).find((ref) => ref !== undefined);
  return { tool: "leash_status", args: { ref: told ?? "none" } };
};

/** Says how the last call ended; like any model, by what the tools' words say. */
export const reports =
  (wanted: string): Turn =>
  (messages) =>
    /^(?:Ordered|Wrote)\b/u.test(lastResult(messages).text)
      ? `Done: ${wanted}.`
      : `No luck with ${wanted}. I leave it at that.`;

export const says =
  (text: string): Turn =>
  () =>
    text;

export const asFor = ({ item, amount_minor: amount, merchant_domain: merchant }: Order): string =>
  `Please buy ${item} at ${merchant}; it should cost ${dollars(amount)}.`;
