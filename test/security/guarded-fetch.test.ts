import { afterEach, describe, expect, it } from "vitest";
import { isLeashError } from "@leashkit/core";
import type { Lookup } from "../../core/facts/resolve.ts";
import { guardedFetch } from "../../core/guarded-fetch.ts";
import { serve, type TestServer } from "../../core/guarded-fetch/servers.fixture.ts";
import { thrown } from "../support/thrown.ts";

/** Public by every table, and given to nobody by IANA, so that no packet for it arrives anywhere. */
const UNROUTED = "2e00::1";

const open: TestServer[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function started(...args: Parameters<typeof serve>): Promise<TestServer> {
  const server = await serve(...args);
  open.push(server);
  return server;
}

/** A name server of an attacker's own: the next answer for each question, the last one for all that follow. */
function alternating(answers: Readonly<Record<string, readonly (readonly string[])[]>>) {
  const asked: string[] = [];
  const lookup: Lookup = (host) => {
    const known = answers[host] ?? [];
    const count = asked.filter((name) => name === host).length;
    asked.push(host);
    const answer = known[Math.min(count, known.length - 1)];
    return answer === undefined ? Promise.reject(new Error("ENOTFOUND")) : Promise.resolve(answer);
  };
  return { lookup, asked };
}

async function denialOf(promise: Promise<unknown>): Promise<string> {
  const error = await thrown(promise);
  if (!isLeashError(error, "LEASH_DENIED")) throw error ?? new Error("nothing was thrown");
  return Object.assign({ reason: "" }, error).reason;
}

describe("DNS rebinding", () => {
  it("A-A18: C: a name that is public at the check and loopback at the use reaches the checked address or nothing", async () => {
    const server = await started((_seen, response) => void response.end("inside"));
    const { lookup, asked } = alternating({ "re.example.org": [[UNROUTED], ["127.0.0.1"]] });
    const fetched = guardedFetch({ lookup, allowedPorts: [server.port], timeoutMs: 500 });
    const error = await thrown(fetched(`http://re.example.org:${server.port}/`));
    expect(error).toBeInstanceOf(Error);
    expect(isLeashError(error)).toBe(false);
    expect(server.seen).toEqual([]);
    expect(asked).toEqual(["re.example.org"]);
    // The very next look-up has the other answer, and is refused.
    expect(await denialOf(fetched(`http://re.example.org:${server.port}/`))).toContain("127.0.0.1");
    expect(server.seen).toEqual([]);
  });

  it("A-A18: the connection goes to the address of the one answer that was checked", async () => {
    const good = await started((_seen, response) => void response.end("good"));
    const { lookup, asked } = alternating({ "re.example.org": [["127.0.0.1"], ["127.0.0.3"]] });
    const options = { denyPrivateIps: false, deniedRanges: ["127.0.0.3"], allowedPorts: [good.port], lookup };
    const response = await guardedFetch(options)(`http://re.example.org:${good.port}/`);
    expect(await response.text()).toBe("good");
    expect(asked).toEqual(["re.example.org"]);
    expect(good.seen).toMatchObject([{ at: "127.0.0.1", headers: { host: `re.example.org:${good.port}` } }]);
  });

  it("A-A18: one private address among the answers is enough to refuse all of them", async () => {
    const server = await started((_seen, response) => void response.end("inside"));
    const { lookup } = alternating({ "re.example.org": [[UNROUTED, "127.0.0.1"]] });
    const fetched = guardedFetch({ lookup, allowedPorts: [server.port] });
    expect(await denialOf(fetched(`http://re.example.org:${server.port}/`))).toContain("loopback");
    expect(server.seen).toEqual([]);
  });
});

describe("redirects", () => {
  /** A server on an allowed name that sends every request on to what no request may reach. */
  async function scene(location: (port: number) => string, lookups: Record<string, string[][]> = {}) {
    const server = await started((_seen, response) => {
      response.writeHead(302, { location: location(server.port) }).end();
    });
    const { lookup, asked } = alternating({ "api.example.com": [["127.0.0.1"]], ...lookups });
    const fetched = guardedFetch({
      denyPrivateIps: false,
      allowedHosts: ["api.example.com", "*.rebind.example"],
      deniedRanges: ["127.0.0.3", "::1"],
      allowedPorts: [server.port],
      lookup,
    });
    const reason = await denialOf(fetched(`http://api.example.com:${server.port}/`));
    expect(server.seen).toHaveLength(1);
    return { reason, asked };
  }

  it.each<readonly [string, (port: number) => string, string]>([
    ["to [::1]", (port) => `http://[::1]:${port}/`, "denied address"],
    ["to localhost", (port) => `http://localhost:${port}/`, "not an allowed host"],
    ["to 127.0.0.3 in decimal", (port) => `http://2130706435:${port}/`, "denied address"],
    ["to 127.0.0.3 by mapped IPv6", (port) => `http://[::ffff:7f00:3]:${port}/`, "denied address"],
    ["without a scheme", (port) => `//127.0.0.3:${port}/`, "denied address"],
    ["with a backslash", (port) => `/\\127.0.0.3:${port}/`, "denied address"],
    ["with a user", (port) => `http://api.example.com@127.0.0.3:${port}/`, "names a user"],
    ["to another port", () => "http://api.example.com:22/", "port 22"],
    ["to a file", () => "file:///etc/passwd", "scheme"],
    ["to data", () => "data:text/html,hello", "scheme"],
    ["to ftp", () => "ftp://api.example.com/", "scheme"],
  ])("A-A18: C: a redirect %s is refused", async (_what, location, reason) => {
    const found = await scene(location);
    expect(found.reason).toContain(reason);
    expect(found.asked).toEqual(["api.example.com"]);
  });

  it("A-A18: C: a redirect to a name that rebinds is refused", async () => {
    const found = await scene((port) => `http://a.rebind.example:${port}/`, {
      "a.rebind.example": [["127.0.0.3"]],
    });
    expect(found.reason).toContain("127.0.0.3 is a denied address");
  });

  it("A-A18: C: a redirect to the same name, whose answer has changed, is refused", async () => {
    const found = await scene((port) => `http://api.example.com:${port}/`, {
      "api.example.com": [["127.0.0.1"], ["127.0.0.3"]],
    });
    expect(found.reason).toContain("127.0.0.3 is a denied address");
    expect(found.asked).toEqual(["api.example.com", "api.example.com"]);
  });
});

describe("credentials", () => {
  const CREDENTIALS = {
    authorization: "Bearer secret",
    cookie: "session=secret",
    "proxy-authorization": "Basic secret",
    "x-api-key": "secret",
    "x-goog-api-key": "secret",
    "private-token": "secret",
    "x-amz-security-token": "secret",
    "x-anything-of-their-own": "secret",
  };
  const HARMLESS = {
    accept: "text/plain",
    "accept-language": "de",
    "user-agent": "agent",
    "content-type": "text/plain",
  };

  async function chain(hosts: readonly string[]) {
    const server = await started((seen, response) => {
      const step = Number(seen.path.slice(1));
      const next = hosts[step + 1];
      if (next === undefined) return void response.end();
      const location = `http://${next}:${server.port}/${step + 1}`;
      return void response.writeHead(307, { location }).end();
    });
    const lookup: Lookup = () => Promise.resolve(["127.0.0.1"]);
    const fetched = guardedFetch({ denyPrivateIps: false, allowedPorts: [server.port], lookup });
    const init = { method: "POST", body: "text", headers: { ...CREDENTIALS, ...HARMLESS } };
    await fetched(`http://${hosts[0]}:${server.port}/0`, init);
    return server.seen.map(({ headers }) => headers);
  }

  it("A-A18: C: Authorization, cookies and all headers that could be keys stay with the origin they were meant for", async () => {
    const [first, second] = await chain(["api.example.com", "other.example.com"]);
    expect(first).toMatchObject({ ...CREDENTIALS, ...HARMLESS });
    expect(second).toMatchObject(HARMLESS);
    expect(JSON.stringify(second)).not.toContain("secret");
    for (const name of Object.keys(CREDENTIALS)) expect(second).not.toHaveProperty(name);
  });

  it("A-A18: they stay away when a redirect leads back, and go along within one origin", async () => {
    const [, , third] = await chain(["api.example.com", "other.example.com", "api.example.com"]);
    expect(JSON.stringify(third)).not.toContain("secret");
    const [, same] = await chain(["api.example.com", "api.example.com"]);
    expect(same).toMatchObject(CREDENTIALS);
  });

  it("A-A18: another port is another origin", async () => {
    const other = await started((_seen, response) => void response.end());
    const server = await started((_seen, response) => {
      response.writeHead(307, { location: `http://api.example.com:${other.port}/` }).end();
    });
    const lookup: Lookup = () => Promise.resolve(["127.0.0.1"]);
    const fetched = guardedFetch({ denyPrivateIps: false, allowedPorts: [server.port, other.port], lookup });
    await fetched(`http://api.example.com:${server.port}/`, { headers: CREDENTIALS });
    expect(JSON.stringify(other.seen[0]?.headers)).not.toContain("secret");
  });
});
