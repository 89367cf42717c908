import { describe, expect, it } from "vitest";
import { type Lookup, resolveHost } from "./resolve.ts";

const answer =
  (...addresses: string[]): Lookup =>
  () =>
    Promise.resolve(addresses);

const never: Lookup = () => new Promise<never>(() => undefined);

describe("resolveHost", () => {
  it("gives every address once, sorted, so that the same answer is recorded alike", async () => {
    const lookup = answer("93.184.215.14", "2606:2800:21f::1", "1.1.1.1", "93.184.215.14");
    expect(await resolveHost("example.com", { lookup })).toEqual(["1.1.1.1", "2606:2800:21f::1", "93.184.215.14"]);
    expect(await resolveHost("example.com", { lookup: answer() })).toEqual([]);
  });

  it("asks for the host as it stands", async () => {
    const asked: string[] = [];
    const lookup: Lookup = (host) => {
      asked.push(host);
      return Promise.resolve([]);
    };
    await resolveHost("api.example.com", { lookup });
    expect(asked).toEqual(["api.example.com"]);
  });

  it("gives nothing rather than a part where there are more than 64 addresses", async () => {
    const many = Array.from({ length: 65 }, (_, index) => `1.1.1.${index}`);
    expect(await resolveHost("example.com", { lookup: answer(...many.slice(0, 64)) })).toHaveLength(64);
    expect(await resolveHost("example.com", { lookup: answer(...many) })).toBeNull();
  });

  it("gives null for a resolver that fails, also one that throws at once", async () => {
    expect(await resolveHost("example.com", { lookup: () => Promise.reject(new Error("ENOTFOUND")) })).toBeNull();
    const throws: Lookup = () => {
      throw new Error("no resolver");
    };
    expect(await resolveHost("example.com", { lookup: throws })).toBeNull();
  });

  it("gives null when the time is over or the signal fires", async () => {
    expect(await resolveHost("example.com", { lookup: never, timeoutMs: 10 })).toBeNull();
    const controller = new AbortController();
    const waiting = resolveHost("example.com", { lookup: never, timeoutMs: 60_000, signal: controller.signal });
    controller.abort();
    expect(await waiting).toBeNull();
    const asked = resolveHost("example.com", { lookup: answer("1.1.1.1"), signal: controller.signal });
    expect(await asked).toBeNull();
  });

  it("asks the system, hosts file included, and lets no odd name throw", async () => {
    expect(await resolveHost("localhost")).toContain("127.0.0.1");
    expect(await resolveHost("127.0.0.1")).toEqual(["127.0.0.1"]);
    for (const host of ["a\0b", "name.invalid", "x".repeat(300)]) {
      expect(await resolveHost(host, { timeoutMs: 5000 }), host).toBeNull();
    }
  });
});
