import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { sha256Hex } from "../digest.ts";
import type { Owner } from "../model/journal.ts";

/** This process, as journal rows name it. */
export function thisOwner(instance: string): Owner {
  return { instance, place: place(), pid: process.pid };
}

/** True when the owner ran on this very machine, boot and process namespace and its process is gone. */
export function isGone(owner: Owner): boolean {
  return owner.place === place() && !exists(owner.pid);
}

let knownPlace: string | undefined;

/** A pid means something only within one boot of one machine and one process namespace (containers share the first two). */
function place(): string {
  knownPlace ??= sha256Hex(
    [
      hostname(),
      attempt(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
      attempt(() => readlinkSync("/proc/self/ns/pid")),
    ].join("\n"),
  ).slice(0, 32);
  return knownPlace;
}

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
