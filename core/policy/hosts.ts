/** Values by host, the most specific entry first. */
export interface HostTable<T> {
  /** @param host as `normalizeHost` gives it. */
  find(host: string): T | undefined;
}

/** Letters, marks, digits, dots, hyphens, underscores: no userinfo, port, path, percent sign or invisible character. */
const HOST_CHARACTERS = /^[\p{L}\p{M}\p{N}._-]+$/u;

/** Among the marks there are some that nobody sees, and that the URL parser drops: variation selectors, the grapheme joiner. */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/u;

const LONGEST_HOST = 253;

/**
 * A host name in the one form that names are compared in: lower case, without one trailing dot, IDN as `xn--` labels (WHATWG
 * URL, UTS 46). Anything that a reader could take for another host gives undefined: user names, ports, compatibility forms
 * such as full-width letters, ignorable characters, a second trailing dot.
 * @example normalizeHost("Shop.StoreCo.com.") // "shop.storeco.com"
 */
export function normalizeHost(text: string): string | undefined {
  const lower = text.toLowerCase();
  const host = lower.endsWith(".") ? lower.slice(0, -1) : lower;
  if (!HOST_CHARACTERS.test(host) || IGNORABLE.test(host) || host.normalize("NFKC") !== host) return undefined;
  if (host.length > LONGEST_HOST || host.split(".").includes("")) return undefined;
  try {
    return new URL(`http://${host}/`).hostname;
  } catch {
    return undefined;
  }
}

/** A host pattern in its one form: a host, or `*.` and a host; undefined for anything else. */
export function parseHostPattern(text: string): string | undefined {
  if (!text.startsWith("*.")) return normalizeHost(text);
  const suffix = normalizeHost(text.slice(2));
  return suffix === undefined ? undefined : `*.${suffix}`;
}

/**
 * A table of host patterns. An exact host wins over wildcards, a longer suffix over a shorter one, so the order in the file
 * means nothing; `*.example.org` meets names below `example.org` and not `example.org` itself.
 */
export function createHostTable<T>(patterns: ReadonlyMap<string, T>): HostTable<T> {
  const entries = new Map(patterns);
  return {
    find(host) {
      const exact = entries.get(host);
      if (exact !== undefined) return exact;
      for (let dot = host.indexOf("."); dot !== -1; dot = host.indexOf(".", dot + 1)) {
        const below = entries.get(`*${host.slice(dot)}`);
        if (below !== undefined) return below;
      }
      return undefined;
    },
  };
}
