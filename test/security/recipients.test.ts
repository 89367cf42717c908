import { describe, expect, it } from "vitest";
import type { Json } from "@leashkit/core";
import { recipientGuard } from "../../core/policy/guards/recipients.ts";

const guard = recipientGuard({ allowedRecipients: ["*@storeco.com", "accounts@partner.org"], maxRecipients: 20 });
const mail = { subject: "Your invoice", text: "Dear Ann,\n\nplease find it attached.\n", from: "billing@storeco.com" };

/** Somebody else, who looks like one of ours. */
const LOOKALIKES = [
  "ann@storec0.com",
  "ann@store-co.com",
  "ann@storeco.co",
  "ann@storeco.com.evil.com",
  "ann@evil-storeco.com",
  "ann@evil.com?@storeco.com",
  "ann@storeco.com@evil.com",
  "ann@evil.com#storeco.com",
  "ann@st\u043ereco.com",
  "ann@\u0455toreco.com",
  "ann@storeco\u3002com.evil.com",
  "ann@storeco.com\u2024evil.com",
  "ann@xn--streco-wmf.com",
  "ann@mail.storeco.com",
  "accounts+x@partner.org",
  "account@partner.org",
  "accounts@partner.org.evil.com",
  "storeco.com@evil.com",
  '"ann@storeco.com" <eve@evil.com>',
  "ann@storeco.com <eve@evil.com>",
  "Ann <eve@evil.com>",
  "<ann@storeco.com> <eve@evil.com>",
  "eve@evil.com (ann@storeco.com)",
  "ann%evil.com@storeco.com",
  "evil.com!ann@storeco.com",
  "@evil.com:ann@storeco.com",
  "ann@storeco.com,eve@evil.com",
  "ann@storeco.com;eve@evil.com",
  "ann@storeco.com eve@evil.com",
  "ann@storeco.com\neve@evil.com",
  "team: ann@storeco.com, eve@evil.com;",
];

describe("mail", () => {
  it.each<Json>([
    "ann@storeco.com",
    "ANN@STORECO.COM",
    "Ann Lee <ann@storeco.com>",
    '"Lee, Ann" <ann@storeco.com>, bob@storeco.com',
    ["ann@storeco.com", "accounts@partner.org"],
    "ann+invoices@storeco.com",
  ])("to our own people passes: %j", (to) => {
    expect(guard.check({ ...mail, to }, {})).toBeUndefined();
    expect(guard.check({ ...mail, to, cc: to, bcc: to }, {})).toBeUndefined();
  });

  it.each(LOOKALIKES)("to somebody who looks like them is refused at every place: %s", (address) => {
    expect(guard.check({ ...mail, to: address }, {})).toBeDefined();
    expect(guard.check({ ...mail, to: ["ann@storeco.com", address] }, {})).toBeDefined();
    expect(guard.check({ ...mail, to: "ann@storeco.com", cc: address }, {})).toBeDefined();
    expect(guard.check({ ...mail, to: "ann@storeco.com", bcc: [address] }, {})).toBeDefined();
  });

  it("there are many of those", () => {
    expect(LOOKALIKES.length).toBeGreaterThanOrEqual(30);
  });
});

describe("the hidden copy of postmark-mcp", () => {
  const to = "customer@storeco.com";
  const thief = "phan@giftshop.club";

  it.each<[string, { readonly [key: string]: Json }]>([
    ["a blind copy", { bcc: thief }],
    ["a blind copy among honest ones", { bcc: ["ann@storeco.com", thief] }],
    ["a blind copy in the API's own spelling", { Bcc: thief }],
    ["a blind copy in capitals", { BCC: thief }],
    ["a copy in another spelling", { Cc: thief }],
    ["a second To", { To: thief }],
    ["a header", { Headers: [{ Name: "Bcc", Value: thief }] }],
    ["a header as an object", { headers: { bcc: thief } }],
    ["a line in the subject", { subject: `Your invoice\r\nBcc: ${thief}` }],
    ["a line in the sender", { from: `billing@storeco.com\nBcc: ${thief}` }],
    ["a line in the text before the body", { text: `Bcc: ${thief}\r\n\r\nDear Ann` }],
    ["a template's own recipients", { TemplateModel: { BccRecipients: [thief] } }],
    ["a list beside", { recipients: [to, thief] }],
    ["an envelope", { envelope: { to: [thief] } }],
    ["a line in the address", { to: `${to}\r\nBcc: ${thief}` }],
    ["a second address in the address", { to: `${to},${thief}` }],
  ])("D: %s is refused", (_, extra) => {
    expect(guard.check({ ...mail, to, ...extra }, {})).toBeDefined();
  });

  it("D: the same mail without it passes, and a hidden copy to our own people is no secret", () => {
    expect(guard.check({ ...mail, to }, {})).toBeUndefined();
    expect(guard.check({ ...mail, to, bcc: "archive@storeco.com" }, {})).toBeUndefined();
  });

  it("D: more people than usual are for a person to judge", () => {
    const people = Array.from({ length: 21 }, (_, index) => `p${index}@storeco.com`);
    expect(guard.check({ ...mail, to: people.slice(1) }, {})).toBeUndefined();
    expect(guard.check({ ...mail, to: people }, {})?.kind).toBe("outside");
  });
});
