const ignored = /[\s\p{Pd}\p{Cf}\u2212]/gu;

/**
 * One spelling for all ways to write an identifier: compatibility forms unified (NFKC), upper case, without spaces,
 * dashes and invisible characters.
 */
export function normaliseIdentifier(value: string): string {
  const once = value.normalize('NFKC').toUpperCase().replace(ignored, '').normalize('NFKC');
  return once === value ? value : normaliseIdentifier(once);
}
