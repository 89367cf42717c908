/** A policy of ordinary size. The calls measured here meet its last rules, behind conditions of others. */
export const POLICY = `leash: 1
counterparties: [{ match: "*.storeco.com", trust: HIGH }]
tools:
  purchase: { counterparty: input.merchant_domain }
rules:
${Array.from({ length: 40 }, (_, index) => `  - { id: other-${index}, action: other.tool_${index}, when: input.amount < ${index}, effect: allow }`).join("\n")}
  - { id: never-negative, action: "*", when: "has(input.amount_minor) && input.amount_minor < 0", effect: deny }
  - { id: large, action: purchase, when: input.amount_minor >= 5000, effect: approve }
  - { id: small-trusted, action: purchase, when: 'counterparty.trust == "HIGH"', effect: allow }
`;

export const CALL = {
  tool: "purchase",
  input: { item: "a small lamp", amount_minor: 1999, currency: "USD", merchant_domain: "shop.storeco.com" },
};

/** A policy under which a person is asked about every refund. */
export const ASKING_POLICY = "leash: 1\nrules: [{ id: asked, action: refund, effect: approve }]\n";
