import { sha256Hex } from "../../digest.ts";
import type { Sink } from "../../model/sink.ts";
import { readOptions } from "../../options.ts";
import { createPoster, readTarget, type TargetOptions } from "./post.ts";

export interface HttpSinkOptions extends TargetOptions {
  /** Default `http`. */
  readonly name: string;
  /** Whether a call waits until the collector has taken its record. Default false. */
  readonly required: boolean;
}

const DEFAULTS: HttpSinkOptions = {
  url: "",
  name: "http",
  required: false,
  headers: {},
  bearer: null,
  timeoutMs: 10_000,
};

/**
 * Posts the log to a collector as JSON lines (`application/x-ndjson`), each as it was hashed. `Idempotency-Key` is the same for the
 * same lines. 2xx takes them; 408, 425, 429 and 5xx are tried again, after `Retry-After` seconds where that is stated; any other answer
 * waits for somebody to mend address, token or collector. No redirect is followed.
 *
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for options that cannot be used, such as an environment variable that is not set.
 * @example httpSink({ url: "https://siem.example.com/ingest", bearer: "env:SIEM_TOKEN", required: true });
 */
export function httpSink(options: Partial<HttpSinkOptions> & Pick<HttpSinkOptions, "url">): Sink {
  const settings = readOptions("httpSink", options, DEFAULTS);
  const { name, required } = settings;
  const poster = createPoster(name, readTarget("httpSink", settings));
  return {
    name,
    required,
    async accept(lines) {
      const body = lines.map(({ line }) => `${line}\n`).join("");
      await poster.post(body, { "content-type": "application/x-ndjson", "idempotency-key": sha256Hex(body) });
    },
    close: async () => undefined,
  };
}
