import { InvalidArgumentError } from 'commander';
import { z } from 'zod';

const Email = z.email().max(254);

/** Parses a command's e-mail option. */
export function email(value: string): string {
  const parsed = Email.safeParse(value);
  if (!parsed.success) throw new InvalidArgumentError('That is not an e-mail address.');
  return parsed.data;
}
