import { nodeEd25519 } from "../../core/tokens/ed25519.ts";
import { openV4, signV4 } from "../../core/tokens/v4.ts";
import { expectThat, readText, skip, type Outcome, type VectorSuite } from "./suite.ts";

interface PasetoVectors {
  readonly tests: readonly {
    readonly name: string;
    readonly "expect-fail": boolean;
    readonly token: string;
    readonly payload: string | null;
    readonly footer: string;
    readonly "implicit-assertion": string;
    readonly "public-key"?: string;
    readonly "secret-key-seed"?: string;
  }[];
}
type PasetoVector = PasetoVectors["tests"][number];

function readTests(folder: string, file: string): readonly PasetoVector[] {
  const { tests }: PasetoVectors = JSON.parse(readText(folder, "paseto", file));
  return tests;
}

/** Any key: no token that is tried with it may open. */
const ANY_KEY = nodeEd25519.verifyingKey(nodeEd25519.signingKey(new Uint8Array(32)).publicKey);

/** https://github.com/paseto-standard/test-vectors, v4.json. */
export const pasetoVersion4: VectorSuite = {
  name: "PASETO v4",
  passesAtLeast: 11,
  run: (folder) => readTests(folder, "v4.json").flatMap(version4),
};

function version4(vector: PasetoVector): readonly Outcome[] {
  const {
    name,
    token,
    footer,
    "implicit-assertion": implicit,
    "public-key": publicKey,
    "secret-key-seed": seed,
  } = vector;
  const key = publicKey === undefined ? ANY_KEY : nodeEd25519.verifyingKey(Buffer.from(publicKey, "hex"));
  if (vector["expect-fail"])
    return [expectThat(`${name} is refused`, () => openV4(token, key, implicit) === undefined)];
  if (token.startsWith("v4.local."))
    return [skip(name, "not applicable", "encrypted tokens (v4.local): Leashkit only signs")];
  const { payload } = vector;
  if (payload === null || seed === undefined) return [expectThat(`${name} has a payload and a key`, () => false)];
  const signingKey = nodeEd25519.signingKey(Buffer.from(seed, "hex"));
  if (footer !== "") {
    return [
      skip(name, "by design", "a footer: no token of ours has one"),
      expectThat(`${name} is refused`, () => openV4(token, key, implicit) === undefined),
      expectThat(
        `${name} without its footer comes back`,
        () => openV4(signV4(payload, signingKey, implicit), key, implicit) === payload,
      ),
    ];
  }
  return [
    expectThat(`${name} is opened`, () => openV4(token, key, implicit) === payload),
    expectThat(`${name} is signed`, () => signV4(payload, signingKey, implicit) === token),
  ];
}

/** Tokens of other versions and purposes, each given to our verifier: none may open. */
export const pasetoOthers: VectorSuite = {
  name: "PASETO v2, v3, v4.local",
  passesAtLeast: 45,
  run: (folder) =>
    ["v2.json", "v3.json", "v4.json"].flatMap((file) =>
      readTests(folder, file)
        .filter(({ token }) => !token.startsWith("v4.public."))
        .map(({ name, token, "implicit-assertion": implicit }) =>
          expectThat(`${name} is refused`, () => openV4(token, ANY_KEY, implicit ?? "") === undefined),
        ),
    ),
};
