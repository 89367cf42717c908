import type { Json } from "../../../model/json.ts";
import { isJsonObject } from "../../../strict-json.ts";
import type { Probes } from "../guard.ts";
import { compileGlob, globMeets } from "./glob.ts";
import { foldCase, lexicalSegments } from "./text.ts";

/** What every path guard must know about the machine; segments of absolute paths. */
export interface Places {
  /** The leash's own folders, folded. */
  readonly folders: readonly (readonly string[])[];
  readonly home: readonly string[];
  readonly foldedHome: readonly string[];
}

const KINDS = ["file", "folder", "other", "missing"] as const;

type Kind = (typeof KINDS)[number];

/** What `realpath:` says of a path. */
export interface RealPath {
  readonly path: string;
  readonly kind: Kind;
  readonly links: number;
}

/** Names of whole disks and of memory, and of what other processes hold open. */
const DEVICES = ["mem", "kmem", "port", "fd/**", "sd*/**", "hd*/**", "vd*/**", "xvd*/**", "nvme*/**", "mmcblk*/**"]
  .concat(["dm-*", "md*/**", "loop*/**", "disk/**", "block/**", "mapper/**", "rdisk*", "disk*", "nbd*"])
  .map((name) => compileGlob(`/dev/${name}`, true));

/** Of `/proc`, beside the folders of processes by number: itself, this process, the machine's memory and its switches. */
const KERNEL: ReadonlySet<string> = new Set([
  "",
  "self",
  "thread-self",
  "kcore",
  "kmem",
  "kpagecount",
  "sysrq-trigger",
]);

/** The answer to `self:places`; undefined where there is none of the right shape. */
export function placesOf(probes: Probes): Places | undefined {
  const answer = probes["self:places"];
  if (!isJsonObject(answer)) return undefined;
  const { folders, home } = answer;
  if (!Array.isArray(folders) || !isAbsolute(home) || !folders.every(isAbsolute)) return undefined;
  const homeSegments = lexicalSegments(home);
  return {
    folders: folders.map((folder: string) => lexicalSegments(foldCase(folder))),
    home: homeSegments,
    foldedHome: homeSegments.map(foldCase),
  };
}

/** The answer to `realpath:` for a path; undefined where there is none of the right shape. */
export function realPathOf(probes: Probes, path: string): RealPath | undefined {
  const answer = probes[`realpath:${path}`];
  if (!isJsonObject(answer)) return undefined;
  const { path: real, links } = answer;
  const kind = KINDS.find((known) => known === answer["kind"]);
  if (kind === undefined || !isAbsolute(real) || !isNormal(real)) return undefined;
  return typeof links === "number" && Number.isSafeInteger(links) && links >= 0
    ? { path: real, kind, links }
    : undefined;
}

/**
 * True for what no policy can allow: the leash's own folders, what holds them (a tool that walks a folder would reach them),
 * the folders of processes under `/proc`, memory and disks under `/dev`.
 * @param path folded segments.
 */
export function isProtected(path: readonly string[], places: Places): boolean {
  if (places.folders.some((folder) => isWithin(path, folder) || isWithin(folder, path))) return true;
  const [top, name = ""] = path;
  if (top === "proc") return KERNEL.has(name) || /^[0-9]/.test(name);
  return top === "dev" && DEVICES.some((device) => globMeets(device, path, []));
}

/** True when the inner path is the outer one or below it. */
function isWithin(inner: readonly string[], outer: readonly string[]): boolean {
  return inner.length >= outer.length && outer.every((segment, index) => inner[index] === segment);
}

/** True for `/` and for absolute paths without empty segments, `.` and `..`. */
function isNormal(path: string): boolean {
  return path === "/" || !/\/(?:\.{0,2}\/|\.{0,2}$)/.test(path);
}

function isAbsolute(value: Json | undefined): value is string {
  return typeof value === "string" && value.startsWith("/");
}
