import { afterEach, describe, expect, it } from "vitest";
import { fullDisk, fullLogDisk, fullSinkDisk, readOnlyFolder, type Right, rightOn } from "./disk.ts";
import { mountSmallDisk, setWritable, type SmallDisk } from "./small-disk.ts";

const disks: SmallDisk[] = [];

function smallDisk(): SmallDisk | string {
  const mounted = mountSmallDisk();
  if ("reason" in mounted) return mounted.reason;
  disks.push(mounted.disk);
  return mounted.disk;
}

function needSmallDisk(): SmallDisk {
  const disk = smallDisk();
  if (typeof disk === "string") throw new Error(disk);
  return disk;
}

function removeDisks(): void {
  for (const disk of disks.splice(0)) disk.remove();
}

const first = smallDisk();
const reason = typeof first === "string" ? first : undefined;
removeDisks();
if (reason !== undefined) console.info(`Skipped: A-S4 on a real disk that is full or read-only, because ${reason}`);

afterEach(removeDisks);

describe.skipIf(reason !== undefined)("on a small disk of its own", () => {
  it("A-S4: when it is full nothing runs and no yes is taken, and with room again the same leash goes on", async () => {
    expect(await fullDisk(needSmallDisk())).toEqual([]);
  });

  it("A-S17: when it is full under the log of a memory store nothing runs, and a new leash continues the log", async () => {
    expect(await fullLogDisk(needSmallDisk())).toEqual([]);
  });

  it("I5: when it is full under a required sink nothing runs, and with room again the same leash goes on and all lines arrive", async () => {
    expect(await fullSinkDisk(needSmallDisk())).toEqual([]);
  });

  it("A-S4: when it is read-only no leash starts over it, and the error says what to do", async () => {
    expect(await readOnlyFolder(rightOn(needSmallDisk()))).toEqual([]);
  });
});

const isRoot = process.getuid?.() === 0;
if (isRoot) console.info("Skipped for root, who may write everywhere: A-S4 on a folder without the right to write");

it.skipIf(isRoot)("A-S4: over a state folder without the right to write no leash starts", async () => {
  let locked = "";
  const right: Right = {
    take(folder) {
      setWritable(folder, false);
      return (locked = folder);
    },
    give: () => setWritable(locked, true),
  };
  expect(await readOnlyFolder(right)).toEqual([]);
});
