/** What the lives of one agent have in common. */
export const POLICY =
  "leash: 1\ndefault: deny\ntools: { buy: { decision: approve }, look: { decision: allow }, pack: { decision: allow } }\n";

export const SCOPE = "order-7";
