import { isUtf8 } from "node:buffer";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { canonicalText } from "../../core/canonical.ts";
import { isLeashError } from "../../core/errors.ts";
import { parseStrictJson } from "../../core/strict-json.ts";
import { expectThat, readBytes, refuses, skip, type Outcome, type VectorSuite } from "./suite.ts";

/** Valid JSON that we refuse as I-JSON (RFC 7493) asks, by the reason that our parser must give. */
const REFUSED_BY_DESIGN: Readonly<Record<string, string>> = {
  "y_number.json": "an integer is beyond 2^53-1",
  "y_number_real_capital_e.json": "an integer is beyond 2^53-1",
  "y_number_real_exponent.json": "an integer is beyond 2^53-1",
  "y_number_real_fraction_exponent.json": "an integer is beyond 2^53-1",
  "y_object_duplicated_key.json": "a member's name occurs twice",
  "y_object_duplicated_key_and_value.json": "a member's name occurs twice",
  "y_object_extreme_numbers.json": "an integer is beyond 2^53-1",
};

const isRefusal = (error: unknown): boolean => isLeashError(error, "LEASH_INPUT_INVALID");

/** https://github.com/nst/JSONTestSuite: y_ must be read, n_ must be refused, i_ may be either. */
export const jsonParsing: VectorSuite = {
  name: "JSON parsing",
  passesAtLeast: 311,
  run: (folder) =>
    readdirSync(join(folder, "json-testsuite", "test_parsing"))
      .sort()
      .map((file) => checkFile(folder, file)),
};

function checkFile(folder: string, file: string): Outcome {
  const bytes = readBytes(folder, "json-testsuite", "test_parsing", file);
  const isRefused = () => !isUtf8(bytes) || refuses(() => parseStrictJson(bytes.toString()), isRefusal);
  // What is read must be what the platform reads, -0 apart.
  const isRead = () => canonicalText(parseStrictJson(bytes.toString())) === canonicalText(JSON.parse(bytes.toString()));
  if (file.startsWith("n_")) return expectThat(file, isRefused);
  if (file.startsWith("i_")) return expectThat(file, () => isRefused() || isRead());
  const reason = REFUSED_BY_DESIGN[file];
  if (reason === undefined) return expectThat(file, isRead);
  const asDesigned = refuses(
    () => parseStrictJson(bytes.toString()),
    (error) => error instanceof Error && error.message.includes(reason),
  );
  return asDesigned ? skip(file, "by design", reason) : expectThat(file, () => false);
}
