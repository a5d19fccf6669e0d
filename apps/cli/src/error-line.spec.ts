import { OperatorError } from '@hms/database';
import pg from 'pg';
import { ownerUrl } from './config.js';
import { errorLine } from './error-line.js';

function postgresError(code: string, message: string): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError(message, message.length, 'error'), { code });
}

describe('an error of hms', () => {
  it('is the advice alone when an operator can do something', () => {
    expect(errorLine(new OperatorError('Do this.'))).toBe('Do this.');
  });

  it('says that an empty database is to be migrated', () => {
    expect(errorLine(postgresError('42P01', 'relation "public.hospital" does not exist'))).toContain('hms migrate');
  });

  it('is one line, with the SQLSTATE, when it is unexpected', () => {
    expect(errorLine(postgresError('53100', 'no space\n left'))).toBe(
      'no space left (SQLSTATE 53100); set HMS_DEBUG=1 to see where.',
    );
  });

  it.each([{}, { DATABASE_DIRECT_URL: 'mysql://root:secret@db/hms' }])('names a bad variable, not its value', (env) => {
    expect(() => ownerUrl(env)).toThrow(/^Invalid environment: DATABASE_DIRECT_URL \(\w+\); set it/);
    expect(() => ownerUrl(env)).not.toThrow('secret');
  });
});
