import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import {
  activationDelayMs,
  formatKeyFile,
  isRetired,
  parseKeyFile,
  retirementDelayMs,
  rotateKeys,
  signerOf,
} from './key-file.js';

const now = new Date('2026-05-01T08:00:00Z');
const after = (ms: number): Date => new Date(now.getTime() + ms);
const refreshSecret = 'r'.repeat(43);
const key = (kid: string, term: object = {}) => ({
  ...generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }),
  alg: 'EdDSA',
  use: 'sig',
  kid,
  ...term,
});
const parse = (...signingKeys: object[]) => parseKeyFile(JSON.stringify({ signingKeys, refreshSecret }));
const signer = (file: ReturnType<typeof parse>, at: Date) => signerOf(file.signingKeys, at)?.kid;

describe('the key file', () => {
  it('is read back as it was written', () => {
    const file = rotateKeys(parse(key('a')), now);
    expect(parseKeyFile(formatKeyFile(file))).toEqual(file);
  });

  it.each([
    ['no key', []],
    ['the same kid twice', [key('a'), key('a')]],
    ['a kid that is a path', [key('../a')]],
    ['a time that is none', [key('a', { activeFrom: 'soon' })]],
    ['a public key only', [{ ...key('a'), d: undefined }]],
    ['another algorithm', [{ ...key('a'), alg: 'HS256' }]],
  ])('is refused with %s, without showing its content', (_, keys) => {
    expect(() => parse(...keys)).toThrow(/^AUTH_KEYS_FILE is not valid: [\w., ]+$/);
  });

  it('is refused when it is cut off', () => {
    expect(() => parseKeyFile('{"signingKeys": [')).toThrow('cannot be read as JSON');
  });
});

describe('the key that signs', () => {
  it('is the first of the file while none says when it begins', () => {
    expect(signer(parse(key('new'), key('old')), now)).toBe('new');
  });

  it('is the one whose time came last, wherever it stands', () => {
    const file = parse(key('old'), key('new', { activeFrom: after(1_000) }));
    expect([signer(file, now), signer(file, after(999)), signer(file, after(1_000))]).toEqual(['old', 'old', 'new']);
  });

  it('is never a retired one', () => {
    const file = parse(key('new', { retireAt: after(0) }), key('old'));
    expect(signer(file, now)).toBe('old');
    expect(signer(parse(key('only', { retireAt: after(0) })), now)).toBeUndefined();
  });
});

describe('a rotation', () => {
  const rotated = rotateKeys(parse(key('old')), now);
  const fresh = rotated.signingKeys[0]?.kid;

  it('lets the new key sign once everybody had time to read it', () => {
    expect(signer(rotated, after(activationDelayMs - 1))).toBe('old');
    expect(signer(rotated, after(activationDelayMs))).toBe(fresh);
  });

  it('keeps the old key until the last token it signed is over', () => {
    const old = rotated.signingKeys[1] ?? {};
    expect(isRetired(old, after(activationDelayMs + retirementDelayMs - 1))).toBe(false);
    expect(isRetired(old, after(activationDelayMs + retirementDelayMs))).toBe(true);
  });

  it('waits for the one before', () => {
    expect(() => rotateKeys(rotated, after(1_000))).toThrow('a rotation is under way');
  });

  it('leaves out what is retired', () => {
    const later = rotateKeys(rotated, after(activationDelayMs + retirementDelayMs));
    expect(later.signingKeys.map(({ kid }) => kid)).not.toContain('old');
    expect(later.signingKeys).toHaveLength(2);
  });

  it('never postpones a retirement', () => {
    const file = rotateKeys(parse(key('new'), key('old', { retireAt: after(5_000) })), now);
    expect(file.signingKeys[2]?.retireAt).toEqual(after(5_000));
  });
});
