import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { gzipSync, brotliCompressSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { isLeashError } from "./errors.ts";
import type { Lookup } from "./facts/resolve.ts";
import { guardedFetch, type GuardedFetchOptions } from "./guarded-fetch.ts";
import { SELF_SIGNED } from "./guarded-fetch/certificate.fixture.ts";
import { firstBytes, serve, type TestServer } from "./guarded-fetch/servers.fixture.ts";

const open: TestServer[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function started(...args: Parameters<typeof serve>): Promise<TestServer> {
  const server = await serve(...args);
  open.push(server);
  return server;
}

const home: Lookup = () => Promise.resolve(["127.0.0.1"]);

/** Every name leads to this machine, and that is allowed. */
function localFetch(server: { readonly port: number }, options: Partial<GuardedFetchOptions> = {}): typeof fetch {
  return guardedFetch({ denyPrivateIps: false, allowedPorts: [server.port], lookup: home, ...options });
}

const thrownBy = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.fail("nothing was thrown"),
    (error: unknown) => error,
  );

async function denialOf(promise: Promise<unknown>): Promise<string> {
  const error = await thrownBy(promise);
  if (!isLeashError(error, "LEASH_DENIED")) throw error;
  return Object.assign({ reason: "" }, error).reason;
}

async function causeOf(promise: Promise<unknown>): Promise<string> {
  const error = await thrownBy(promise);
  expect(error).toBeInstanceOf(TypeError);
  expect(isLeashError(error)).toBe(false);
  return String((error as Error).cause);
}

describe("guardedFetch", () => {
  it("sends a request as fetch does and gives a standard response", async () => {
    const server = await started((_seen, response) => {
      response.writeHead(201, "Made", { "content-type": "application/json", "set-cookie": ["a=1", "b=2"] });
      response.end('{"ok":true}');
    });
    const url = `http://api.example.com:${server.port}/v1/items?q=%C3%A9#part`;
    const body = new URLSearchParams({ name: "\u00e9" });
    const response = await localFetch(server)(url, { method: "post", body, headers: { "X-Own": "1" } });
    expect(response).toBeInstanceOf(Response);
    expect([response.status, response.statusText, response.ok, response.redirected]).toEqual([
      201,
      "Made",
      true,
      false,
    ]);
    expect(response.url).toBe(url.replace("#part", ""));
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(await response.json()).toEqual({ ok: true });
    expect(server.seen).toMatchObject([
      { method: "POST", path: "/v1/items?q=%C3%A9", body: "name=%C3%A9", at: "127.0.0.1" },
    ]);
    expect(server.seen[0]?.headers).toMatchObject({
      host: `api.example.com:${server.port}`,
      "content-type": "application/x-www-form-urlencoded;charset=UTF-8",
      "content-length": "11",
      "x-own": "1",
    });
  });

  it("takes texts, URLs and requests alike", async () => {
    const server = await started((seen, response) => void response.end(`${seen.method} ${seen.body}`));
    const fetched = localFetch(server);
    const url = `http://api.example.com:${server.port}/`;
    expect(await (await fetched(url)).text()).toBe("GET ");
    expect(await (await fetched(new URL(url))).text()).toBe("GET ");
    expect(await (await fetched(new Request(url, { method: "PUT", body: "x" }))).text()).toBe("PUT x");
    expect(await (await fetched(new Request(url, { method: "PUT", body: "x" }), { method: "PATCH" })).text()).toBe(
      "PATCH x",
    );
    const stream = new Blob(["streamed"]).stream();
    const init: RequestInit = { method: "POST", body: stream, duplex: "half" };
    expect(await (await fetched(url, init)).text()).toBe("POST streamed");
  });

  it("gives responses without a body none", async () => {
    const server = await started((seen, response) => void response.writeHead(Number(seen.path.slice(1))).end());
    const fetched = localFetch(server);
    for (const status of [204, 304, 404]) {
      const response = await fetched(`http://api.example.com:${server.port}/${status}`);
      expect([response.status, await response.text()]).toEqual([status, ""]);
    }
    const head = await fetched(`http://api.example.com:${server.port}/200`, { method: "HEAD" });
    expect([head.status, head.body]).toEqual([200, null]);
  });

  it("says itself what belongs to the connection, whatever the caller states", async () => {
    const server = await started((_seen, response) => void response.end());
    const headers = {
      host: "other.example",
      connection: "upgrade",
      upgrade: "h2c",
      "proxy-connection": "x",
      te: "gzip",
    };
    await localFetch(server)(`http://api.example.com:${server.port}/`, { headers });
    expect(server.seen[0]?.headers).toMatchObject({ host: `api.example.com:${server.port}`, connection: "close" });
    for (const name of ["upgrade", "proxy-connection", "te"]) expect(server.seen[0]?.headers).not.toHaveProperty(name);
  });

  it("refuses what the guard refuses, before anything is sent or looked up", async () => {
    const server = await started((_seen, response) => void response.end());
    const lookup = vi.fn(home);
    const fetched = localFetch(server, { allowedHosts: ["api.example.com"], allowedMethods: ["GET"], lookup });
    const at = `:${server.port}/`;
    expect(await denialOf(fetched(`http://other.example${at}`))).toBe("other.example is not an allowed host");
    expect(await denialOf(fetched(`http://user@api.example.com${at}`))).toContain("names a user");
    expect(await denialOf(fetched(` http://api.example.com${at}`))).toContain("blanks");
    expect(await denialOf(fetched(`http://api.example.com${at}`, { method: "DELETE" }))).toContain("method");
    expect(await denialOf(fetched(new Request(`http://api.example.com${at}`, { method: "PUT" })))).toContain("method");
    expect(await denialOf(fetched("data:text/plain,hello"))).toContain("scheme");
    expect(await denialOf(fetched("file:///etc/passwd"))).toContain("scheme");
    expect(lookup).not.toHaveBeenCalled();
    expect(server.seen).toEqual([]);
  });

  it("I14: the message of a refusal holds none of the rule's words", async () => {
    const fetched = guardedFetch({ deniedHosts: ["secret.example.com"] });
    const error = await thrownBy(fetched("https://secret.example.com/"));
    expect(error).toMatchObject({ reasonCode: "guard", reason: "secret.example.com is a denied host" });
    expect((error as Error).message).toBe("The request was refused: this tool may not reach that address.");
  });

  it("refuses private addresses unless it is told otherwise", async () => {
    const server = await started((_seen, response) => void response.end());
    const fetched = guardedFetch({ allowedPorts: [server.port], lookup: home });
    for (const host of ["127.0.0.1", "[::1]", "localhost", "api.example.com"]) {
      await denialOf(fetched(`http://${host}:${server.port}/`));
    }
    expect(server.seen).toEqual([]);
    expect((await localFetch(server)(`http://127.0.0.1:${server.port}/`)).status).toBe(200);
  });

  it("never reaches the leash's own ports on this machine", async () => {
    const server = await started((_seen, response) => void response.end());
    const fetched = localFetch(server, { deskPorts: [server.port] });
    for (const host of ["127.0.0.1", "api.example.com", "localhost"]) {
      expect(await denialOf(fetched(`http://${host}:${server.port}/`))).toContain("approvals");
    }
    expect(server.seen).toEqual([]);
  });

  it("follows redirects and changes methods as fetch does", async () => {
    const server = await started((seen, response) => {
      const [, status, target] = seen.path.split("/");
      if (target === undefined) return void response.end(`${seen.method} ${seen.path} ${seen.body}`);
      return void response.writeHead(Number(status), { location: `/${target}` }).end("moved");
    });
    const base = `http://api.example.com:${server.port}`;
    const ask = async (status: number, method: string): Promise<string> => {
      const body = method === "GET" ? null : "text";
      return (await localFetch(server)(`${base}/${status}/end`, { method, body })).text();
    };
    expect(await ask(301, "POST")).toBe("GET /end ");
    expect(await ask(302, "POST")).toBe("GET /end ");
    expect(await ask(302, "PUT")).toBe("PUT /end text");
    expect(await ask(303, "PUT")).toBe("GET /end ");
    expect(await ask(307, "POST")).toBe("POST /end text");
    expect(await ask(308, "POST")).toBe("POST /end text");
    expect(await ask(300, "GET")).toBe("moved");
    const bodiless = server.seen.filter(({ method, path }) => method === "GET" && path === "/end");
    for (const { headers } of bodiless) expect(headers).not.toHaveProperty("content-type");
    const response = await localFetch(server)(`${base}/302/end#x`);
    expect([response.redirected, response.url]).toEqual([true, `${base}/end`]);
  });

  it("reads locations as UTF-8, as servers write them", async () => {
    const location = Buffer.from("/\u00fcbersicht").toString("latin1");
    const server = await started((seen, response) => {
      if (seen.path === "/") response.writeHead(302, { location }).end();
      else response.end();
    });
    await localFetch(server)(`http://api.example.com:${server.port}/`);
    expect(server.seen.map(({ path }) => path)).toEqual(["/", "/%C3%BCbersicht"]);
  });

  it("ends after as many redirects as it may follow", async () => {
    const server = await started((seen, response) => {
      const left = Number(seen.path.slice(1));
      if (left === 0) return void response.end("there");
      return void response.writeHead(302, { location: `/${left - 1}` }).end();
    });
    const ask = (count: number, options?: Partial<GuardedFetchOptions>) =>
      localFetch(server, options)(`http://api.example.com:${server.port}/${count}`);
    expect(await (await ask(5)).text()).toBe("there");
    expect(await causeOf(ask(6))).toContain("more than 5 redirects");
    expect(await causeOf(ask(1, { maxRedirects: 0 }))).toContain("more than 0 redirects");
  });

  it("leaves redirects alone where the request says so", async () => {
    const server = await started((_seen, response) => void response.writeHead(302, { location: "/x" }).end("moved"));
    const url = `http://api.example.com:${server.port}/`;
    const manual = await localFetch(server)(url, { redirect: "manual" });
    expect([manual.status, manual.headers.get("location"), await manual.text()]).toEqual([302, "/x", "moved"]);
    expect(await causeOf(localFetch(server)(url, { redirect: "error" }))).toContain("redirect");
    expect(server.seen).toHaveLength(2);
  });

  it("takes no more bytes than it may, on the wire and decoded", async () => {
    const server = await started((seen, response) => {
      const bomb = Buffer.alloc(5_000_000);
      if (seen.path === "/gzip") response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(bomb));
      else if (seen.path === "/br") response.writeHead(200, { "content-encoding": "br" }).end(brotliCompressSync(bomb));
      else response.end(Buffer.alloc(Number(seen.path.slice(1))));
    });
    const ask = (path: string) =>
      localFetch(server, { maxBytes: 1000 })(`http://api.example.com:${server.port}/${path}`);
    expect((await (await ask("1000")).arrayBuffer()).byteLength).toBe(1000);
    for (const path of ["1001", "5000000", "gzip", "br"])
      expect(await causeOf(ask(path))).toContain("more than 1000 bytes");
  });

  it("decodes what it asked for and refuses other codings", async () => {
    const server = await started((seen, response) => {
      const coding = seen.path.slice(1);
      const body = coding === "gzip" ? gzipSync("text") : coding === "br" ? brotliCompressSync("text") : "text";
      response.writeHead(200, { "content-encoding": coding }).end(body);
    });
    const ask = (path: string) => localFetch(server)(`http://api.example.com:${server.port}/${path}`);
    for (const coding of ["gzip", "br", "identity"]) expect(await (await ask(coding)).text()).toBe("text");
    expect(server.seen[0]?.headers["accept-encoding"]).toBe("gzip, br");
    expect(await causeOf(ask("zstd"))).toContain("content coding");
    expect(await causeOf(ask("gzip,gzip"))).toContain("content coding");
  });

  it("ends when the time is over: before the answer, within its body, over a chain of redirects, at the resolver", async () => {
    const server = await started((seen, response) => {
      if (seen.path === "/body") response.write("part");
      if (seen.path === "/loop") setTimeout(() => response.writeHead(302, { location: "/loop" }).end(), 60);
    });
    const slow = { timeoutMs: 150, maxRedirects: 20 };
    for (const path of ["silence", "body", "loop"]) {
      const error = await thrownBy(localFetch(server, slow)(`http://api.example.com:${server.port}/${path}`));
      expect(error, path).toMatchObject({ name: "TimeoutError" });
    }
    const never: Lookup = () => new Promise<never>(() => undefined);
    const error = await thrownBy(localFetch(server, { ...slow, lookup: never })("http://api.example.com/"));
    expect(error).toMatchObject({ name: "TimeoutError" });
  });

  it("ends with the signal's reason when the caller gives up", async () => {
    const server = await started(() => undefined);
    const reason = new Error("enough");
    const url = `http://api.example.com:${server.port}/`;
    expect(await thrownBy(localFetch(server)(url, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(server.seen).toEqual([]);
    const controller = new AbortController();
    const waiting = thrownBy(localFetch(server)(url, { signal: controller.signal }));
    await vi.waitFor(() => expect(server.seen).toHaveLength(1));
    controller.abort(reason);
    expect(await waiting).toBe(reason);
    const endless = new ReadableStream({ pull: () => new Promise(() => undefined) });
    const init: RequestInit = { method: "POST", body: endless, duplex: "half" };
    expect(await thrownBy(localFetch(server, { timeoutMs: 100 })(url, init))).toMatchObject({ name: "TimeoutError" });
  });

  it("passes network errors on as fetch does", async () => {
    const server = await started((_seen, response) => void response.destroy());
    expect(await causeOf(localFetch(server)(`http://api.example.com:${server.port}/`))).toContain("socket hang up");
    const { port } = server;
    await server.close();
    expect(await causeOf(localFetch({ port })(`http://api.example.com:${port}/`))).toContain("ECONNREFUSED");
    const unknown = { lookup: () => Promise.reject(new Error("ENOTFOUND")) };
    expect(await causeOf(localFetch({ port }, unknown)(`http://api.example.com:${port}/`))).toContain(
      "no checked address",
    );
  });

  it("tries the other checked addresses where one does not answer", async () => {
    const server = await started((_seen, response) => void response.end("there"));
    const lookup: Lookup = () => Promise.resolve(["127.0.0.2", "127.0.0.1"]);
    const response = await localFetch(server, { lookup })(`http://api.example.com:${server.port}/`);
    expect(await response.text()).toBe("there");
  });

  it("A-A27: names the host to TLS servers, and reaches no proxy that the environment names", async () => {
    const proxy = await started((_seen, response) => void response.end("proxied"));
    for (const name of ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"]) {
      vi.stubEnv(name, `http://127.0.0.1:${proxy.port}`);
    }
    vi.stubEnv("NODE_USE_ENV_PROXY", "1");
    const server = await started((_seen, response) => void response.end("direct"));
    expect(await (await localFetch(server)(`http://api.example.com:${server.port}/`)).text()).toBe("direct");
    const secure = await firstBytes();
    await causeOf(localFetch(secure)(`https://api.example.com:${secure.port}/`));
    const hello = await secure.bytes;
    expect(hello[0]).toBe(0x16);
    expect(hello.includes("api.example.com")).toBe(true);
    expect(proxy.seen).toEqual([]);
  });

  it("A-A27: trusts no certificate that the system does not trust, whatever the environment says", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    const server = createSecureServer(SELF_SIGNED, (_request, response) => void response.end("secret"));
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
    });
    try {
      expect(await causeOf(localFetch({ port })(`https://api.example.com:${port}/`))).toContain(
        "self-signed certificate",
      );
    } finally {
      server.close();
    }
  });

  it.each<readonly [string, object]>([
    ["no option", { alowedHosts: ["example.com"] }],
    ["denyPrivateIps", { denyPrivateIps: "false" }],
    ["allowedSchemes", { allowedSchemes: ["ftp"] }],
    ["allowedHosts", { allowedHosts: ["https://example.com"] }],
    ["maxRedirects", { maxRedirects: 21 }],
    ["maxBytes", { maxBytes: -1 }],
    ["maxBytes", { maxBytes: Number.NaN }],
    ["timeoutMs", { timeoutMs: 0 }],
    ["timeoutMs", { timeoutMs: Number.POSITIVE_INFINITY }],
  ])("refuses options that cannot be meant: %s", (name, options) => {
    const build = () => guardedFetch(options);
    expect(build).toThrow(expect.objectContaining({ code: "LEASH_CONFIG_INVALID" }));
    expect(build).toThrow(name);
  });
});
