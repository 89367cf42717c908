import { canonicalFiles, canonicalNumbers } from "./canonical.ts";
import { jsonParsing } from "./json-parsing.ts";
import { merkleProofs } from "./merkle.ts";
import { openLeash } from "./openleash.ts";
import { paserk } from "./paserk.ts";
import { pasetoOthers, pasetoVersion4 } from "./paseto.ts";
import { standardWebhooks } from "./standard-webhooks.ts";
import { signedNotes } from "./signed-note.ts";
import type { VectorSuite } from "./suite.ts";
import { tiledLog } from "./tiled-log.ts";
import { wycheproofEd25519 } from "./wycheproof.ts";
import { yamlReading } from "./yaml.ts";

export const SUITES: readonly VectorSuite[] = [
  pasetoVersion4,
  pasetoOthers,
  paserk,
  wycheproofEd25519,
  canonicalFiles,
  canonicalNumbers,
  jsonParsing,
  openLeash,
  standardWebhooks,
  merkleProofs,
  signedNotes,
  tiledLog,
  yamlReading,
];
