/**
 * What a screen does not show as itself: controls, formats, surrogates, private and unassigned code points, every blank but
 * the ordinary space, default-ignorable code points, and the fifth and later of a pile of combining marks. U+FE0F stays
 * where it makes an emoji of the pictograph before it. U+2800 and U+1D159 are blank though Unicode calls them symbols.
 */
const HIDDEN =
  /(?<!(?!\p{C})\p{Extended_Pictographic})\uFE0F|(?! |\uFE0F)[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800\u{1D159}]|(?<=\p{M}{4})\p{M}/gu;

/** Letters that common fonts draw like Latin ones (Unicode TR39, the part that browsers check in host names). */
const LATIN_LOOKALIKES = /^[асԁеһіјӏорԗԛѕԝхуъьҽпгѵѡАВЕКМНОРСТУХЅІЈαικνορτυχγηΑΒΕΖΗΙΚΜΝΟΡΤΥΧ\p{M}\p{N}_-]+$/u;

const SCRIPTS = [
  ["Latin", /\p{Script=Latin}/u],
  ["Cyrillic", /\p{Script=Cyrillic}/u],
  ["Greek", /\p{Script=Greek}/u],
  ["Armenian", /\p{Script=Armenian}/u],
  ["Cherokee", /\p{Script=Cherokee}/u],
] as const;

export function escapeHidden(text: string): string {
  return text.replace(HIDDEN, (unit) => `\\u{${(unit.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`);
}

/**
 * Text as a person may safely be shown it: whatever would be invisible, move the cursor or change the direction of writing
 * becomes `\u{202E}`, and a backslash becomes two, so that two different texts never look the same for want of a character.
 * Covers C0 and C1 controls, line breaks, bidirectional controls (Unicode UAX #9), zero-width and default-ignorable code
 * points, tags, lone surrogates and blanks other than the space. Reversible.
 *
 * @example visible("invoice\u202Efdp.exe"); // invoice\u{202E}fdp.exe
 */
export function visible(text: string): string {
  return escapeHidden(text.replaceAll("\\", "\\\\"));
}

export function scriptsOf(text: string): readonly string[] {
  return SCRIPTS.filter(([, pattern]) => pattern.test(text)).map(([script]) => script);
}

/** Hosts, e-mail addresses and identifiers: what stands between blanks, slashes and other punctuation. */
export function words(text: string): readonly string[] {
  return text.match(/[\p{L}\p{M}\p{N}_.@-]+/gu) ?? [];
}

export function isMixed(word: string): boolean {
  const latin = /\p{Script=Latin}/u.test(word);
  return word.split(/[.@]/u).some((label) => {
    const scripts = scriptsOf(label);
    return scripts.length > 1 || (latin && scripts.length === 1 && LATIN_LOOKALIKES.test(label));
  });
}

/**
 * True when a word mixes Latin with Cyrillic, Greek, Armenian or Cherokee letters (`pаypal`), or is drawn like Latin next to
 * a Latin label (`аррӏе.com`): names that may pass for others. A word wholly in one script is no reason to warn.
 */
export function mixedScript(text: string): boolean {
  return words(text).some(isMixed);
}

/**
 * A name within a line: as it is when plain, else quoted and with every hidden character escaped, so that blanks and
 * separators in it cannot pass for the line's own.
 * @example displayName("send_money"); // send_money
 * @example displayName("send money\n"); // "send money\u{A}"
 */
export function displayName(text: string): string {
  return /^[\p{L}\p{N}_.:@/+-]+$/u.test(text) && visible(text) === text
    ? text
    : `"${visible(text).replaceAll('"', '\\"')}"`;
}
