import { dictionary } from '@zxcvbn-ts/language-common';

export const minPasswordLength = 8;
export const maxPasswordLength = 128;

/** What somebody who attacks this account would try first. */
export interface PasswordContext {
  readonly email: string;
  readonly displayName: string;
  /** Names of the hospitals the person works in. */
  readonly hospitals: readonly string[];
}

export type PasswordRefusal = 'too-short' | 'too-long' | 'common' | 'predictable';

const shortestWord = 3;
/** About 49,000 passwords by how often leaks hold them; 18,000 of them are long enough to matter here. */
const common: ReadonlySet<string> = new Set(dictionary['passwords-common']);

/** Length in characters as a person counts them, not in UTF-16 units. */
export const passwordLength = (password: string): number => [...password].length;

/**
 * Why a password is refused; undefined when it will do. Nothing is demanded of its characters (NIST SP 800-63B). Words
 * of the context count for nothing: what remains without them must be long enough by itself.
 */
export function refusalOf(password: string, context: PasswordContext): PasswordRefusal | undefined {
  const length = passwordLength(password);
  if (length < minPasswordLength) return 'too-short';
  if (length > maxPasswordLength) return 'too-long';
  const lower = password.toLowerCase();
  if (common.has(lower)) return 'common';
  return passwordLength(withoutWords(lower, wordsOf(context))) < minPasswordLength ? 'predictable' : undefined;
}

/** The longest first, so that no word hides a part of another. */
function wordsOf({ email, displayName, hospitals }: PasswordContext): string[] {
  const [localPart = ''] = email.split('@');
  const words = [localPart, displayName, ...hospitals]
    .flatMap((text) => [text.replace(/[^\p{L}\p{N}]+/gu, ''), ...text.split(/[^\p{L}\p{N}]+/u)])
    .map((word) => word.toLowerCase());
  return ['hms', ...words].filter((word) => word.length >= shortestWord).sort((a, b) => b.length - a.length);
}

const withoutWords = (text: string, words: readonly string[]): string =>
  words.reduce((rest, word) => rest.replaceAll(word, ''), text);
