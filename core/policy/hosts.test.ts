import { describe, expect, it } from "vitest";
import { createHostTable, normalizeHost, parseHostPattern } from "./hosts.ts";

describe("normalizeHost", () => {
  it.each([
    ["Shop.StoreCo.com", "shop.storeco.com"],
    ["storeco.com.", "storeco.com"],
    ["BÜCHER.example", "xn--bcher-kva.example"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["my_host.internal", "my_host.internal"],
  ])("brings %s to its one form", (written, normal) => {
    expect(normalizeHost(written)).toBe(normal);
  });

  it.each([
    ["a user name before the host", "storeco.com@evil.example"],
    ["a port", "storeco.com:443"],
    ["a path", "storeco.com/../evil"],
    ["a fragment", "storeco.com#evil"],
    ["a backslash", "storeco.com\\evil"],
    ["percent encoding", "storeco%2ecom"],
    ["a soft hyphen that URLs drop", "store\u00ADco.com"],
    ["a zero-width joiner", "store\u200Dco.com"],
    ["a variation selector", "store\uFE0Fco.com"],
    ["a grapheme joiner", "store\u034Fco.com"],
    ["full-width letters that URLs fold", "\uFF53toreco.com"],
    ["an ideographic full stop that URLs read as a dot", "storeco\u3002com"],
    ["two trailing dots", "storeco.com.."],
    ["an empty label", "a..storeco.com"],
    ["a line break", "storeco.com\n"],
    ["nothing", ""],
    ["a host that is too long", `${"a.".repeat(150)}com`],
  ])("takes no host with %s", (_what, written) => {
    expect(normalizeHost(written)).toBeUndefined();
  });
});

describe("createHostTable", () => {
  const table = createHostTable(
    new Map([
      ["storeco.com", "exact"],
      ["*.storeco.com", "below"],
      ["*.pay.storeco.com", "deeper"],
      ["*.elsewhere.com", "other"],
    ]),
  );

  it("prefers the exact host, then the longest suffix, whatever the order", () => {
    expect(table.find("storeco.com")).toBe("exact");
    expect(table.find("shop.storeco.com")).toBe("below");
    expect(table.find("eu.pay.storeco.com")).toBe("deeper");
    expect(table.find("pay.storeco.com")).toBe("below");
  });

  it("meets names below a wildcard and neither the name itself nor one that merely ends alike", () => {
    expect(table.find("elsewhere.com")).toBeUndefined();
    expect(table.find("evilelsewhere.com")).toBeUndefined();
    expect(table.find("storeco.com.evil.example")).toBeUndefined();
  });
});

describe("parseHostPattern", () => {
  it("normalises hosts and suffixes alike", () => {
    expect(parseHostPattern("*.StoreCo.com.")).toBe("*.storeco.com");
    expect(parseHostPattern("STORECO.com")).toBe("storeco.com");
  });

  it("takes no star anywhere else", () => {
    for (const written of ["*", "shop.*.com", "*storeco.com", "*.*.com", "*."]) {
      expect(parseHostPattern(written), written).toBeUndefined();
    }
  });
});
