import { readCheckpointText } from "../../core/audit/checkpoint.ts";
import { verifyCosignatures } from "../../core/audit/cosignature.ts";
import { isSignedBy, parseNote, parseVerifierKey, verifierKey } from "../../core/audit/note.ts";
import { isLeashError } from "../../core/errors.ts";
import { expectThat, readText, refuses, type VectorSuite } from "./suite.ts";

interface NoteVectors {
  readonly signed_note: { readonly vkey: string; readonly note: string };
  readonly checkpoint_example: readonly string[];
}

const isInvalid = (error: unknown): boolean => isLeashError(error, "LEASH_TOKEN_INVALID");

/** https://c2sp.org/signed-note and https://c2sp.org/tlog-checkpoint, the worked examples. */
export const signedNotes: VectorSuite = {
  name: "C2SP signed note",
  passesAtLeast: 8,
  run(folder) {
    const vectors: NoteVectors = JSON.parse(readText(folder, "c2sp-signed-note", "signed-note.json"));
    const { note, vkey } = vectors.signed_note;
    const key = parseVerifierKey(vkey);
    const checkpoint = parseNote(
      vectors.checkpoint_example
        .filter((line) => !line.startsWith("```"))
        .join("\n")
        .trimStart(),
    );
    return [
      expectThat("verifier key is read and written", () => verifierKey(key) === vkey),
      expectThat("note is verified", () => isSignedBy(parseNote(note), key)),
      expectThat("note with another text is refused", () =>
        refuses(() => isSignedBy(parseNote(note.replace("example message", "Example message")), key), isInvalid),
      ),
      expectThat("note of another key is not taken for one of this", () => {
        return !isSignedBy(parseNote(note.replace("example.com/foo ", "example.com/bar ")), key);
      }),
      expectThat("note without a signature is refused", () => refuses(() => parseNote("text\n"), isInvalid)),
      expectThat("checkpoint is read", () => {
        const { origin, root, size } = readCheckpointText(checkpoint.text);
        return origin === "example.com/behind-the-sofa" && size === 20_852_163 && root.startsWith("0ac5186a91863e8e");
      }),
      expectThat("checkpoint names its signer", () => checkpoint.signatures[0]?.keyId === "033de0ae"),
      expectThat("no witness has signed the note", () => verifyCosignatures(note, []).length === 0),
    ];
  },
};
