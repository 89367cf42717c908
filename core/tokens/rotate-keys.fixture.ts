// Run by key-lock.test.ts: rotates the key of proofs again and again, revokes every other one, and prints the ids it made.
import { randomBytes } from "node:crypto";
import { fileKeyRing } from "./keys.ts";

const [folder = "", rounds = "0"] = process.argv.slice(2);
const keys = fileKeyRing({ folder, clock: { now: () => Date.now() }, random: randomBytes });
const made: string[] = [];
for (let round = 0; round < Number(rounds); round += 1) {
  const { kid } = keys.rotate("proof");
  made.push(kid);
  if (round % 2 === 0) keys.revoke(kid);
}
process.stdout.write(JSON.stringify(made));
