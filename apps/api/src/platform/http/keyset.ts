import { commonError } from '@hms/contracts';
import { decodeCursor } from './page.js';
import { isUuid } from './uuid.pipe.js';

const checks = {
  text: (key: unknown): key is string => typeof key === 'string' && !key.includes('\0'),
  uuid: isUuid,
  integer: (key: unknown): key is number => Number.isSafeInteger(key),
} as const;

type Kind = keyof typeof checks;
type KeyOf<K extends Kind> = K extends 'integer' ? number : string;

/**
 * The sort keys a cursor stands for, by name and in the order they were encoded.
 * @throws `request.invalid` for anything a list with these keys did not hand out
 */
export function decodeKeys<const Kinds extends Readonly<Record<string, Kind>>>(
  cursor: string,
  kinds: Kinds,
): { readonly [Name in keyof Kinds]: KeyOf<Kinds[Name]> } {
  const names = Object.entries(kinds);
  const keys = decodeCursor(cursor, names.length);
  if (!names.every(([, kind], i) => checks[kind](keys[i]))) {
    throw commonError('request.invalid', {
      errors: [{ field: 'cursor', code: 'cursor', message: 'cursor must be a nextCursor of the same list' }],
    });
  }
  return Object.fromEntries(names.map(([name], i) => [name, keys[i]])) as {
    [Name in keyof Kinds]: KeyOf<Kinds[Name]>;
  };
}
