/** What a secret must cost to guess, in bits. */
export const keyBits = 256;
export const passwordBits = 96;

const placeholder = /change.?me|password|default|example|placeholder|insecure|your[-_]|testing|sample/i;
const known: ReadonlySet<string> = new Set([
  'postgres',
  'hms',
  'redis',
  'secret',
  'admin',
  'root',
  'test',
  'guest',
  '123456',
  'letmein',
  'qwerty',
  'keyboard cat',
  'shhhhh',
  'supersecret',
]);

/** Whether a text is one that is published somewhere, or says itself that it is to be replaced. */
export const isPublished = (secret: string): boolean => placeholder.test(secret) || known.has(secret.toLowerCase());

/**
 * An upper bound of what a text costs to guess, in bits: how evenly its characters are spread, times their number.
 * Random text comes close to it; words and repetitions stay far below.
 */
export function estimatedBits(text: string): number {
  const counts = new Map<string, number>();
  let length = 0;
  for (const character of text) {
    counts.set(character, (counts.get(character) ?? 0) + 1);
    length += 1;
  }
  let bits = 0;
  for (const count of counts.values()) bits -= count * Math.log2(count / length);
  return bits;
}

/** Whether base64url, base64 or hex text holds 256 bits that look random. */
export function isKey(text: string): boolean {
  const bytes = /^[0-9a-f]+$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64url');
  if (bytes.length * 8 < keyBits) return false;
  return new Set(bytes).size >= bytes.length / 2 || new Set(bytes).size >= 64;
}
