import { nodeEd25519, portableEd25519, type Ed25519 } from "../../core/tokens/ed25519.ts";
import { expectThat, readText, type VectorSuite } from "./suite.ts";

interface WycheproofVectors {
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string };
    readonly tests: readonly {
      readonly tcId: number;
      readonly msg: string;
      readonly sig: string;
      readonly result: "valid" | "invalid";
    }[];
  }[];
}

const IMPLEMENTATIONS: Readonly<Record<string, Ed25519>> = { node: nodeEd25519, portable: portableEd25519 };

/** https://github.com/C2SP/wycheproof, ed25519_test.json: malleable, truncated and otherwise odd signatures. */
export const wycheproofEd25519: VectorSuite = {
  name: "Wycheproof Ed25519",
  passesAtLeast: 302,
  run(folder) {
    const { testGroups }: WycheproofVectors = JSON.parse(readText(folder, "wycheproof", "ed25519_test.json"));
    return testGroups.flatMap(({ publicKey, tests }) =>
      Object.entries(IMPLEMENTATIONS).flatMap(([name, implementation]) => {
        const key = implementation.verifyingKey(Buffer.from(publicKey.pk, "hex"));
        return tests.map(({ tcId, msg, sig, result }) =>
          expectThat(`${tcId} ${result} (${name})`, () => {
            return key.verify(Buffer.from(msg, "hex"), Buffer.from(sig, "hex")) === (result === "valid");
          }),
        );
      }),
    );
  },
};
