import type { Json } from "../../model/json.ts";
import { readOptions } from "../../options.ts";
import { valueAt } from "../language/paths.ts";
import { namesOf, type Reader } from "../readers.ts";
import { forbidden, type Guard, type GuardForm, outside, type Refusal } from "./guard.ts";
import { inputPaths, invalidOption, stepsOf, textsAt } from "./input-texts.ts";
import {
  type Address,
  createRecipientList,
  isRecipientPattern,
  parseAddresses,
  type RecipientList,
  withoutDetail,
} from "./recipients/address.ts";
import { hidesRecipients } from "./recipients/hidden.ts";

/** Whom a call may write to. Patterns: `ann@example.com`, `*@example.com`, `*@*.example.com`. */
export interface RecipientOptions {
  /**
   * Where the recipients stand in the input, each a text or a list of texts. The first must name somebody, the others may be
   * absent or empty. Default `input.to`, `input.cc`, `input.bcc`.
   */
  readonly recipients?: readonly string[];
  /** Default: whoever is not denied. `ann+news@example.com` is not `ann@example.com`. */
  readonly allowedRecipients?: readonly string[];
  /** Of `ann@example.com`, `ann+news@example.com` is denied as well: it is the same mailbox. */
  readonly deniedRecipients?: readonly string[];
  /** Addresses of one call, all places together. Default 1,000, which is also the most. */
  readonly maxRecipients?: number;
}

type Settings = { readonly [Key in keyof RecipientOptions]-?: RecipientOptions[Key] | undefined };

const MOST_RECIPIENTS = 1000;

const NO_OPTIONS: Settings = {
  recipients: ["input.to", "input.cc", "input.bcc"],
  allowedRecipients: undefined,
  deniedRecipients: undefined,
  maxRecipients: MOST_RECIPIENTS,
};

const MISSING = forbidden("recipient_missing", "the call names no recipient where the policy expects one");
const MALFORMED = forbidden("recipient_malformed", "a recipient has no form that every mail program reads alike");
const HIDDEN = forbidden("recipient_hidden", "the call may have recipients at a place that the policy does not list");
const DENIED = forbidden("recipient_denied", "the policy denies a recipient");
const NOT_LISTED = outside("recipient_not_listed", "a recipient is not among the allowed ones");
const FLOOD = forbidden("recipients_flood", `the call has more than ${MOST_RECIPIENTS} recipients`);
const TOO_MANY = outside("recipients_too_many", "the call has more recipients than the policy allows");

/**
 * Guards whom a call writes to: every address of every listed place must be allowed and not denied, and no other member of
 * the input may name recipients. Needs no probes. It sees the call and not what the tool makes of it: a tool that adds a
 * recipient of its own is for the registry to pin.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for an option that cannot be read.
 * @example
 * recipientGuard({ allowedRecipients: ["*@example.com"], maxRecipients: 5 });
 */
export function recipientGuard(options: RecipientOptions = {}): Guard {
  const settings = readOptions<Settings>("a recipient guard", options, NO_OPTIONS);
  const listed = stepsOf("recipients", settings.recipients ?? []);
  const allowed = settings.allowedRecipients && listOf("allowedRecipients", settings.allowedRecipients);
  const denied = listOf("deniedRecipients", settings.deniedRecipients ?? []);
  const most = settings.maxRecipients ?? MOST_RECIPIENTS;
  if (!isCount(most)) throw invalidOption("maxRecipients", `it must be 1 to ${MOST_RECIPIENTS}`);
  return {
    name: "recipients",
    needs: () => [],
    check(input) {
      if (hidesRecipients(input, listed)) return HIDDEN;
      const addresses = addressesAt(input, listed);
      if ("kind" in addresses) return addresses;
      if (addresses.some((address) => denied.meets(address) || denied.meets(withoutDetail(address)))) return DENIED;
      if (addresses.length > most) return TOO_MANY;
      return addresses.every((address) => allowed?.meets(address) ?? true) ? undefined : NOT_LISTED;
    },
  };
}

function listOf(what: string, patterns: readonly string[]): RecipientList {
  const wrong = patterns.find((pattern) => !isRecipientPattern(pattern));
  if (wrong !== undefined) throw invalidOption(what, `${JSON.stringify(wrong)} is no pattern of recipients`);
  return createRecipientList(patterns);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1 && value <= MOST_RECIPIENTS;
}

function addressesAt(input: Json, listed: readonly (readonly string[])[]): readonly Address[] | Refusal {
  const found: Address[] = [];
  for (const [index, steps] of listed.entries()) {
    if (index > 0 && isNobody(valueAt(input, steps))) continue;
    const texts = textsAt(input, steps);
    if (texts === undefined) return MISSING;
    for (const text of texts) {
      const addresses = parseAddresses(text);
      if (addresses === undefined) return MALFORMED;
      found.push(...addresses);
      if (found.length > MOST_RECIPIENTS) return FLOOD;
    }
  }
  return found;
}

function isNobody(value: Json | undefined): boolean {
  return value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

/** The keys of a recipient guard. */
export interface RecipientForm {
  readonly recipients?: readonly string[];
  readonly allowed_recipients?: readonly string[];
  readonly denied_recipients?: readonly string[];
  readonly max_recipients?: number;
}

const pattern: Reader<string> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  if (typeof value === "string" && isRecipientPattern(value)) return value;
  report("bad_pattern", node.place, "a recipient is an address, or `*@` and a domain", "for example *@example.com");
  return undefined;
};

const count: Reader<number> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  if (typeof value === "number" && isCount(value)) return value;
  report("bad_value", node.place, `\`max_recipients\` must be 1 to ${MOST_RECIPIENTS}`);
  return undefined;
};

/** `allowed_recipients` and its companions. */
export const recipientForm: GuardForm<RecipientForm> = {
  keys: {
    recipients: inputPaths("`recipients`"),
    allowed_recipients: namesOf("`allowed_recipients`", pattern),
    denied_recipients: namesOf("`denied_recipients`", pattern),
    max_recipients: count,
  },
  check(block, report) {
    const { recipients, allowed_recipients, denied_recipients, max_recipients } = block.values;
    if (recipients === undefined || allowed_recipients || denied_recipients || max_recipients !== undefined) return;
    report("misplaced_key", block.placeOf("recipients"), "`recipients` means nothing without lists or a maximum");
  },
  create({ recipients, allowed_recipients, denied_recipients, max_recipients }) {
    if (!recipients && !allowed_recipients && !denied_recipients && max_recipients === undefined) return undefined;
    return recipientGuard({
      ...(recipients && { recipients }),
      ...(allowed_recipients && { allowedRecipients: allowed_recipients }),
      ...(denied_recipients && { deniedRecipients: denied_recipients }),
      ...(max_recipients !== undefined && { maxRecipients: max_recipients }),
    });
  },
};
