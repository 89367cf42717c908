import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isLeashError } from "../../core/errors.ts";
import {
  decodePublicKey,
  decodeSecretKey,
  encodePublicKey,
  encodeSecretKey,
  publicKeyId,
} from "../../core/tokens/paserk.ts";
import { expectThat, readText, refuses, skip, type Outcome, type VectorSuite } from "./suite.ts";

interface PaserkVectors {
  readonly tests: readonly {
    readonly name: string;
    readonly "expect-fail": boolean;
    readonly key: string;
    readonly paserk: string | null;
    readonly "secret-key-seed"?: string;
    readonly "public-key"?: string | null;
  }[];
}
type PaserkVector = PaserkVectors["tests"][number];

const bytes = (hex: string): Buffer => Buffer.from(hex, "hex");
const isRefusal = (error: unknown): boolean => isLeashError(error, "LEASH_CONFIG_INVALID");

/** What our code makes of the vector's key, by type of PASERK. */
const ENCODERS: Readonly<Record<string, (vector: PaserkVector) => string>> = {
  "k4.pid": ({ key }) => publicKeyId(encodePublicKey(bytes(key))),
  "k4.public": ({ key }) => encodePublicKey(bytes(key)),
  "k4.secret": ({ key, "secret-key-seed": seed }) => encodeSecretKey(bytes(seed ?? key)),
};

/** Whether the vector's text gives its key back. */
const DECODERS: Readonly<Record<string, (vector: PaserkVector, paserk: string) => boolean>> = {
  "k4.public": ({ key }, paserk) => bytes(key).equals(decodePublicKey(paserk)),
  "k4.secret": ({ "public-key": publicKey }, paserk) =>
    bytes(publicKey ?? "").equals(decodeSecretKey(paserk).publicKey),
};

/** https://github.com/paseto-standard/test-vectors, PASERK/k4.*.json. */
export const paserk: VectorSuite = {
  name: "PASERK k4",
  passesAtLeast: 20,
  run: (folder) =>
    readdirSync(join(folder, "paseto", "PASERK"))
      .sort()
      .flatMap((file) => {
        const type = file.replace(/\.json$/, "");
        const encode = ENCODERS[type];
        const { tests }: PaserkVectors = JSON.parse(readText(folder, "paseto", "PASERK", file));
        return tests.flatMap((vector) =>
          encode === undefined
            ? [skip(vector.name, "not applicable", `${type}: Leashkit has no such keys`)]
            : check(vector, encode, DECODERS[type]),
        );
      }),
};

function check(
  vector: PaserkVector,
  encode: (vector: PaserkVector) => string,
  decode: ((vector: PaserkVector, paserk: string) => boolean) | undefined,
): readonly Outcome[] {
  const { name, paserk: text } = vector;
  if (vector["expect-fail"] || text === null) {
    return [expectThat(`${name} is refused`, () => refuses(() => encode(vector), isRefusal))];
  }
  const written = expectThat(`${name} is written`, () => encode(vector) === text);
  return decode === undefined ? [written] : [written, expectThat(`${name} is read`, () => decode(vector, text))];
}
