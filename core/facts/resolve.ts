import { lookup as lookupAll } from "node:dns/promises";

/** Asks for all addresses of a name. */
export type Lookup = (host: string) => Promise<readonly string[]>;

export interface ResolveOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds. Default 2,000. */
  readonly timeoutMs?: number | undefined;
  /** Default the system's resolver, which knows the hosts file too: it is what a tool's own connection asks. */
  readonly lookup?: Lookup | undefined;
}

const DEFAULT_TIMEOUT_MS = 2000;

/** A name with more addresses gets no answer: to leave some out would hide them from the policy. */
const MOST_ADDRESSES = 64;

/**
 * All IPv4 and IPv6 addresses of a host, sorted and without repetitions. Null where the name does not exist, the resolver
 * fails or is late, the signal fires, or there are more than 64. Never throws.
 * @example await resolveHost("localhost") // ["127.0.0.1", "::1"]
 */
export async function resolveHost(host: string, options: ResolveOptions = {}): Promise<readonly string[] | null> {
  const { signal, timeoutMs = DEFAULT_TIMEOUT_MS, lookup = systemLookup } = options;
  if (signal?.aborted === true) return null;
  try {
    const found = await before(lookup(host), timeoutMs, signal);
    const addresses = [...new Set(found)].toSorted();
    return addresses.length <= MOST_ADDRESSES ? addresses : null;
  } catch {
    return null;
  }
}

async function systemLookup(host: string): Promise<readonly string[]> {
  const found = await lookupAll(host, { all: true });
  return found.map(({ address }) => address);
}

/** What comes first: the answer, the time limit or the signal. A resolver cannot be stopped; a late answer is dropped. */
async function before<T>(answer: Promise<T>, timeoutMs: number, signal: AbortSignal | undefined): Promise<T> {
  let stop = (): void => undefined;
  const stopped = new Promise<never>((_resolve, reject) => {
    const fail = (): void => reject(new Error("no answer in time"));
    const timer = setTimeout(fail, timeoutMs);
    signal?.addEventListener("abort", fail, { once: true });
    stop = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", fail);
    };
  });
  try {
    return await Promise.race([answer, stopped]);
  } finally {
    stop();
  }
}
