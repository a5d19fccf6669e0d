import { beforeAll, describe, expect, it, jest } from '@jest/globals';

const real = await import('@node-rs/argon2');
const verified = jest.fn(real.verify);
jest.unstable_mockModule('@node-rs/argon2', () => ({ ...real, verify: verified }));
const { PasswordHasher } = await import('./password-hasher.service.js');

describe('verifying a password', () => {
  let stored: string;
  const hasher = new PasswordHasher();

  beforeAll(async () => {
    stored = await hasher.hash('correct horse battery staple');
  });

  it.each([
    ['the right one', 'correct horse battery staple', true, true],
    ['a wrong one', 'four parrots sing at dawn', true, false],
    ['any one where there is no hash', 'correct horse battery staple', false, false],
  ])('costs one hash of today’s parameters for %s', async (_, password, isSet, matches) => {
    verified.mockClear();
    expect(await hasher.verify(isSet ? stored : null, password)).toBe(matches);
    expect(verified).toHaveBeenCalledTimes(1);
    expect(hasher.isOutdated(String(verified.mock.calls[0]?.[0]))).toBe(false);
  });
});
