export interface PersonName {
  readonly givenName: string;
  readonly familyName: string;
}

/**
 * The name of a person as far as a provider knows it: the last word as family name, the rest as given name, one word as
 * both, without a name the part of the e-mail address before the @. Staff correct it when the patient comes.
 */
export function personName(name: string | undefined, email: string): PersonName {
  const words = tidy(name ?? '')
    .split(' ')
    .filter(Boolean);
  const known = words.length > 0 ? words : [tidy(email.split('@')[0] ?? '') || email];
  const familyName = known.at(-1) ?? email;
  const givenName = known.slice(0, -1).join(' ') || familyName;
  return { givenName: short(givenName), familyName: short(familyName) };
}

const tidy = (text: string): string =>
  text
    .normalize('NFC')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
const short = (text: string): string => [...text].slice(0, 100).join('').trim();
