import { describe, expect, it } from '@jest/globals';
import { parseEnv, postgresUrl, serviceEnv } from './config.js';
import { describeError } from './logger.js';
import { requestIdFrom } from './request-id.js';

describe('the environment', () => {
  const schema = serviceEnv.extend({ DATABASE_URL: postgresUrl });

  it('is refused naming each bad variable and no value', () => {
    const parse = () => parseEnv(schema, { PORT: 'hunter2', DATABASE_URL: 'mysql://root:hunter2@db' });
    expect(parse).toThrow(/PORT \(invalid_type\), DATABASE_URL/);
    expect(parse).not.toThrow('hunter2');
  });

  it('says which variables are missing', () => {
    expect(() => parseEnv(schema, {})).toThrow('PORT (missing), DATABASE_URL (missing)');
  });
});

describe('a logged error', () => {
  it('carries type, code, stack and cause but no message, which may quote a row', () => {
    const err = new Error('Key (phone)=(555-1234) exists', {
      cause: Object.assign(new Error('555-1234'), { code: '23505' }),
    });
    const logged = describeError(err);
    expect(JSON.stringify(logged)).not.toContain('555-1234');
    expect(logged).toMatchObject({ type: 'Error', cause: { type: 'Error', code: '23505' } });
  });
});

describe('a request id', () => {
  it('is kept when it is harmless and replaced when it is not', () => {
    expect(requestIdFrom('abc-1.2_3')).toBe('abc-1.2_3');
    for (const bad of [undefined, '', 'a b', 'x\n', 'y'.repeat(65)]) expect(requestIdFrom(bad)).not.toBe(bad);
  });
});
