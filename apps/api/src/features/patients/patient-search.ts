import { commonError, formatMrn } from '@hms/contracts';
import { parsePartialDate, type PartialDate } from './partial-date.js';

/** One thing a patient is looked for by; several must all fit. */
export type SearchTerm =
  /** Every word resembles some word of the name. */
  | { readonly by: 'name'; readonly words: readonly string[] }
  | { readonly by: 'birthDate'; readonly date: PartialDate }
  | { readonly by: 'mrn'; readonly mrn: string }
  /** The digits occur in the telephone number. */
  | { readonly by: 'phone'; readonly digits: string }
  /** A bare number may be either. */
  | { readonly by: 'number'; readonly mrn: string; readonly digits: string };

const maxWords = 6;
const minPhoneDigits = 4;
/** Longer numbers are compared by their end, so that country code and trunk prefix do not matter. */
const significantPhoneDigits = 9;

const bareNumber = /^\d{1,18}$/;
const telephone = /^\+?[0-9 ().-]{4,30}$/;
const dottedDate = /^(\d{2})\.(\d{2})\.(\d{4})$/;
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
  const words = wordsOf(parts.filter((part) => dateIn(part) === undefined).join(' '));
  return [
    ...dates.map((date) => ({ by: 'birthDate', date }) as const),
    ...(words.length > 0 ? [{ by: 'name', words } as const] : []),
  ];
}

/** Letters and digits of any script, as the trigram index cuts them. */
export const wordsOf = (name: string): string[] => (name.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []).slice(0, maxWords);

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
}

/** Everything a patient must fit. @throws `request.invalid` naming a parameter that holds nothing to look for */
export function searchTerms({ q, name, mrn, phone, birthDate }: PatientQuery): SearchTerm[] {
  const date = birthDate === undefined ? undefined : parsePartialDate(birthDate);
  const words = name === undefined ? [] : wordsOf(name);
  return [
    ...(q === undefined ? [] : meaningful('q', classifySearch(q))),
    ...(name === undefined ? [] : meaningful('name', words.length > 0 ? [{ by: 'name', words }] : [])),
    ...(mrn === undefined ? [] : [mrnTerm(mrn)]),
    ...(phone === undefined ? [] : meaningful('phone', phoneTerm(phone))),
    ...(birthDate === undefined ? [] : meaningful('birthDate', date ? [{ by: 'birthDate', date }] : [])),
  ];
}

function meaningful(field: string, terms: SearchTerm[]): SearchTerm[] {
  if (terms.length > 0) return terms;
  const message = `${field} holds nothing a patient can be found by`;
  throw commonError('request.invalid', { errors: [{ field, code: 'meaningful', message }] });
}
