/** Takes secrets out of whatever leaves the process as text: the known ones in every usual spelling, others by their form. */

export type Redact = (text: string) => string;

const HIDDEN = '[redacted]';
/** Anything shorter would blot out ordinary words. */
const SECRET_LENGTH_MIN = 6;

const latin1 = (text: string): string =>
  [...new TextEncoder().encode(text)].map((b) => String.fromCharCode(b)).join('');
const hex = (text: string): string =>
  [...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** As it is, in a URL, in JSON, in base64 (with either alphabet, padded or not) and in hex. */
function spellings(secret: string): string[] {
  const base64 = btoa(latin1(secret)).replace(/=+$/, '');
  const json = JSON.stringify(secret).slice(1, -1);
  return [
    secret,
    encodeURIComponent(secret),
    json,
    JSON.stringify(json).slice(1, -1),
    base64,
    base64.replaceAll('+', '-').replaceAll('/', '_'),
    hex(secret),
  ];
}

const FORMS: readonly (readonly [RegExp, string])[] = [
  // user:password@ of an address
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'\\@]+@/gi, `$1${HIDDEN}@`],
  [/\b(Bearer|Basic)\s+[\w+/=.~-]{6,}/gi, `$1 ${HIDDEN}`],
  // header or field, its separator, and the value up to what ends it
  [
    /((?:apca-api-(?:key-id|secret-key)|authorization|x-[\w-]*(?:token|key|secret)|cookie|set-cookie|api[_-]?key|secret|password|access[_-]?token|crumb)\\?["']?\s*[:=]\s*\\?["']?)(?!\[redacted\])(?!(?:Bearer|Basic)\s)[^\s"'\\,;&}]+/gi,
    `$1${HIDDEN}`,
  ],
  // webhooks whose address is their secret
  [/(https?:\/\/[^\s"'\\]*(?:webhooks?|hooks?\.slack\.com\/services)\/)[^\s"'\\]+/gi, `$1${HIDDEN}`],
];

/** `secrets`: values that must never be seen, such as keys and whole addresses that hold a token. */
export function redactor(secrets: readonly string[]): Redact {
  const known = [...new Set(secrets.filter((each) => each.length >= SECRET_LENGTH_MIN).flatMap(spellings))]
    // A secret that holds another one goes first, or its rest would stay.
    .sort((a, b) => b.length - a.length);
  return (text) => {
    let out = text;
    for (const each of known) out = out.replaceAll(each, HIDDEN);
    for (const [form, replacement] of FORMS) out = out.replace(form, replacement);
    return out;
  };
}
