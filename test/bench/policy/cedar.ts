import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { plainEnvironment } from "../../process.ts";
import type { Question } from "./cedar-process.ts";
import type { Answer, Maker } from "./engine.ts";

const PROGRAM = new URL("cedar-process.ts", import.meta.url);
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * In hot loops Cedar's module ends the whole process under Node 20, by a fault of V8 that this flag avoids. So it has a process
 * of its own, which waits while the others are measured. What a message there and back takes, a tenth of a millisecond, is
 * part of each round of milliseconds.
 */
const FLAGS = ["--no-turbo-inline-js-wasm-calls", "--conditions=leashkit:source", "--import", "tsx"];

export const cedar: Maker = {
  name: "Cedar WASM",
  form: "statefulIsAuthorized, policies parsed beforehand, no schema; own process. No regular expressions: three `like` patterns, which would let `build; rm` pass",
  scans: true,
  role: "peer",
  async make(rules, requests) {
    const child = fork(PROGRAM, { cwd: ROOT, execArgv: FLAGS, env: plainEnvironment(), serialization: "advanced" });
    try {
      await ask(child, { build: { name: this.name, rules, requests } });
    } catch (error) {
      child.kill();
      throw error;
    }
    return {
      name: this.name,
      answers: async () => (await ask(child, { answers: true })) as readonly Answer[],
      run: async (calls) => void (await ask(child, { run: calls })),
      close: () => void child.kill(),
    };
  },
};

function ask(child: ChildProcess, question: Question): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null, signal: string | null): void => {
      reject(new Error(`Cedar's process ended (${signal ?? code}) before it answered.`));
    };
    child.once("exit", ended);
    child.once("message", (message: { readonly value?: unknown; readonly error?: string }) => {
      child.off("exit", ended);
      if (message.error === undefined) resolve(message.value);
      else reject(new Error(message.error));
    });
    child.send(question, (error) => {
      if (error !== null) reject(error);
    });
  });
}
