import { commonError, formatMrn } from '@hms/contracts';
import type { FieldCipher } from '@hms/encryption';
import { identifierIndex, type Identifier } from './identifier-seal.js';
import { parsePartialDate, type PartialDate } from './partial-date.js';

/** One thing a patient is looked for by; several must all fit. */
export type SearchTerm =
  /** Every word resembles some word of the name; what is too short to be misspelt begins one. */
  | { readonly by: 'name'; readonly words: readonly string[]; readonly beginnings: readonly string[] }
  | { readonly by: 'birthDate'; readonly date: PartialDate }
  | { readonly by: 'mrn'; readonly mrn: string }
  /** The digits occur in the telephone number. */
  | { readonly by: 'phone'; readonly digits: string }
  /** A bare number may be either. */
  | { readonly by: 'number'; readonly mrn: string; readonly digits: string }
  /** Who lies on the ward. */
  | { readonly by: 'ward'; readonly wardId: string }
  /** By the blind index of the value. */
  | { readonly by: 'identifier'; readonly system: string; readonly index: Buffer };

const maxWords = 6;
const minWordLength = 3;
const minPhoneDigits = 4;
/** Longer numbers are compared by their end, so that country code and trunk prefix do not matter. */
const significantPhoneDigits = 9;

const bareNumber = /^\d{1,18}$/;
const telephone = /^\+?[0-9 ().-]{4,30}$/;
const dottedDate = /^(\d{2})\.(\d{2})\.(\d{4})$/;
const holdsLetterOrDigit = /[\p{L}\p{N}]/u;
const isoDate = /^\d{4}-\d{2}(-\d{2})?$/;

/**
 * What somebody at a desk means by what they typed: `smyth jonh`, `00001234`, `+353 86 123 4567`, `1980-05-17`,
 * `17.05.1980`, `smith 1980-05`. Empty when it holds nothing to look for.
 */
export function classifySearch(text: string): SearchTerm[] {
  const typed = text.trim();
  if (bareNumber.test(typed)) return [numberTerm(typed)];
  const parts = typed.split(/\s+/u);
  const dates = parts.flatMap((part) => dateIn(part) ?? []);
  if (dates.length === 0 && telephone.test(typed)) return phoneTerm(typed);
  const name = parts.filter((part) => dateIn(part) === undefined).join(' ');
  return [...dates.map((date) => ({ by: 'birthDate', date }) as const), ...nameTerm(name)];
}

/** The letters and digits of any script, cut as the trigram index cuts them. Empty when there are none. */
export function nameTerm(name: string): SearchTerm[] {
  const all = (name.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []).slice(0, maxWords);
  const isShort = (word: string): boolean => [...word].length < minWordLength;
  if (all.length === 0) return [];
  return [{ by: 'name', words: all.filter((word) => !isShort(word)), beginnings: all.filter(isShort) }];
}

/** Empty when there are too few digits to tell numbers apart. */
export function phoneTerm(phone: string): SearchTerm[] {
  const digits = comparableDigits(phone);
  return digits.length < minPhoneDigits ? [] : [{ by: 'phone', digits }];
}

/** Leading zeros may be left out. */
export const mrnTerm = (mrn: string): SearchTerm => ({ by: 'mrn', mrn: formatMrn(BigInt(mrn)) });

function numberTerm(number: string): SearchTerm {
  const mrn = formatMrn(BigInt(number));
  const digits = comparableDigits(number);
  return digits.length < minPhoneDigits ? { by: 'mrn', mrn } : { by: 'number', mrn, digits };
}

const comparableDigits = (phone: string): string =>
  phone.replace(/\D/g, '').replace(/^0+/, '').slice(-significantPhoneDigits);

function dateIn(text: string): PartialDate | undefined {
  const iso = text.replace(dottedDate, '$3-$2-$1');
  return isoDate.test(iso) ? parsePartialDate(iso) : undefined;
}

export interface PatientQuery {
  readonly q?: string;
  readonly name?: string;
  readonly mrn?: string;
  readonly phone?: string;
  readonly birthDate?: string;
  readonly identifier?: string;
  readonly wardId?: string;
}

/** `<system>|<value>`, divided at the first bar. */
function parseIdentifier(text: string): Identifier | undefined {
  const at = text.indexOf('|');
  const [system, value] = [text.slice(0, at), text.slice(at + 1)];
  return at > 0 && holdsLetterOrDigit.test(value) ? { system, value } : undefined;
}

/**
 * Everything a patient must fit.
 * @throws `request.invalid` naming a parameter that holds nothing to look for, `service.unavailable` for an identifier
 * while its key is out of reach
 */
export function searchTerms(query: PatientQuery, cipher: FieldCipher): SearchTerm[] {
  const { q, name, mrn, phone, birthDate, identifier, wardId } = query;
  const date = birthDate === undefined ? undefined : parsePartialDate(birthDate);
  return [
    ...(q === undefined ? [] : meaningful('q', classifySearch(q))),
    ...(name === undefined ? [] : meaningful('name', nameTerm(name))),
    ...(mrn === undefined ? [] : [mrnTerm(mrn)]),
    ...(phone === undefined ? [] : meaningful('phone', phoneTerm(phone))),
    ...(identifier === undefined ? [] : meaningful('identifier', identifierTerm(identifier, cipher))),
    ...(birthDate === undefined ? [] : meaningful('birthDate', date ? [{ by: 'birthDate', date }] : [])),
    ...(wardId === undefined ? [] : [{ by: 'ward', wardId } as const]),
  ];
}

function identifierTerm(text: string, cipher: FieldCipher): SearchTerm[] {
  const identifier = parseIdentifier(text);
  if (!identifier) return [];
  return [{ by: 'identifier', system: identifier.system, index: identifierIndex(cipher, identifier.value) }];
}

function meaningful(field: string, terms: SearchTerm[]): SearchTerm[] {
  if (terms.length > 0) return terms;
  const message = `${field} holds nothing a patient can be found by`;
  throw commonError('request.invalid', { errors: [{ field, code: 'meaningful', message }] });
}
