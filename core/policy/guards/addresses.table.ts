/** Why an address is not one of the public internet. */
export type AddressProblem =
  | "unreadable"
  | "unspecified"
  | "loopback"
  | "private"
  | "link-local"
  | "site-local"
  | "shared"
  | "metadata"
  | "protocol"
  | "anycast"
  | "transition"
  | "benchmarking"
  | "documentation"
  | "discard"
  | "segment-routing"
  | "multicast"
  | "broadcast"
  | "reserved";

interface SpecialRange {
  readonly range: string;
  readonly problem: AddressProblem;
}

/** IANA IPv4 Special-Purpose Address Registry (RFC 6890), multicast (RFC 5771), and one address that a cloud keeps for itself. */
export const SPECIAL_IPV4: readonly SpecialRange[] = [
  { range: "0.0.0.0/8", problem: "unspecified" },
  { range: "10.0.0.0/8", problem: "private" },
  { range: "100.64.0.0/10", problem: "shared" },
  { range: "127.0.0.0/8", problem: "loopback" },
  // Azure's platform channel: a public number that answers inside every virtual machine.
  { range: "168.63.129.16/32", problem: "metadata" },
  { range: "169.254.0.0/16", problem: "link-local" },
  { range: "172.16.0.0/12", problem: "private" },
  { range: "192.0.0.0/24", problem: "protocol" },
  { range: "192.0.2.0/24", problem: "documentation" },
  { range: "192.31.196.0/24", problem: "anycast" },
  { range: "192.52.193.0/24", problem: "anycast" },
  { range: "192.88.99.0/24", problem: "transition" },
  { range: "192.168.0.0/16", problem: "private" },
  { range: "192.175.48.0/24", problem: "anycast" },
  { range: "198.18.0.0/15", problem: "benchmarking" },
  { range: "198.51.100.0/24", problem: "documentation" },
  { range: "203.0.113.0/24", problem: "documentation" },
  { range: "224.0.0.0/4", problem: "multicast" },
  { range: "255.255.255.255/32", problem: "broadcast" },
  { range: "240.0.0.0/4", problem: "reserved" },
];

/**
 * IANA IPv6 Special-Purpose Address Registry, in the order they are looked up. Whatever lies outside 2000::/3, the only block
 * that IANA gives out as global unicast (RFC 4291), is reserved without a row.
 */
export const SPECIAL_IPV6: readonly SpecialRange[] = [
  { range: "::/128", problem: "unspecified" },
  { range: "::1/128", problem: "loopback" },
  { range: "100::/64", problem: "discard" },
  { range: "2001:2::/48", problem: "benchmarking" },
  { range: "2001::/23", problem: "protocol" },
  { range: "2001:db8::/32", problem: "documentation" },
  { range: "2620:4f:8000::/48", problem: "anycast" },
  { range: "3ffe::/16", problem: "reserved" },
  { range: "3fff::/20", problem: "documentation" },
  { range: "5f00::/16", problem: "segment-routing" },
  { range: "fc00::/7", problem: "private" },
  { range: "fe80::/10", problem: "link-local" },
  { range: "fec0::/10", problem: "site-local" },
  { range: "ff00::/8", problem: "multicast" },
];

/** Where IPv6 addresses carry an IPv4 address, and whether that one alone decides. */
interface Embedding {
  readonly range: string;
  /** Words (of 16 bits) at which an IPv4 address starts. */
  readonly at: readonly number[];
  /** Words at which one starts whose bits are turned over. */
  readonly invertedAt?: readonly number[];
  /** True where a public IPv4 address makes a public one; else the address is refused whatever it carries. */
  readonly plain?: true;
}

/** Mapped IPv4 (::ffff:0:0/96, RFC 4291) is not here: it is read as the IPv4 address that it is. */
export const EMBEDDINGS: readonly Embedding[] = [
  // NAT64, RFC 6052: how networks without IPv4 reach IPv4 hosts, so public ones must pass.
  { range: "64:ff9b::/96", at: [6], plain: true },
  // Local-use NAT64, RFC 8215.
  { range: "64:ff9b:1::/48", at: [6] },
  // IPv4-translated, RFC 2765.
  { range: "::ffff:0:0:0/96", at: [6] },
  // IPv4-compatible, RFC 4291.
  { range: "::/96", at: [6] },
  // 6to4, RFC 3056.
  { range: "2002::/16", at: [1] },
  // Teredo, RFC 4380: the server, and the client with its bits turned over.
  { range: "2001::/32", at: [2], invertedAt: [6] },
];

/**
 * Endings of names that only a local network knows: special-use names (RFC 6761, RFC 6762, RFC 8375), `internal` (reserved by
 * ICANN in 2024), and those that routers, companies, Kubernetes and Consul use.
 */
export const LOCAL_ENDINGS: readonly string[] = [
  "localhost",
  "localdomain",
  "local",
  "internal",
  "intranet",
  "private",
  "corp",
  "home",
  "lan",
  "home.arpa",
  "svc",
  "consul",
];
