import { randomBytes } from 'node:crypto';
import type { AppError } from '@hms/contracts';
import fc from 'fast-check';
import { keyIdOf, open, seal, type NamedKey } from './sealed-text.js';

const key: NamedKey = { id: 'key-1', secret: randomBytes(32) };
const bound = ['hospital', 'table', 'column', 'row'];
const unreadable = expect.objectContaining({ code: 'encryption.unreadable' }) as unknown;

const failure = (read: () => unknown): unknown => {
  try {
    read();
  } catch (err) {
    return err;
  }
  throw new Error('it opened');
};

describe('sealed text', () => {
  it('opens to what was sealed, whatever it was', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (plaintext) => {
        expect(open(key, bound, seal(key, bound, plaintext))).toEqual(Buffer.from(plaintext));
      }),
    );
  });

  it('says its version and its key, and nothing of the plaintext', () => {
    const sealed = seal(key, bound, Buffer.from('199001011234'));
    expect(sealed).toMatch(/^v1\.key-1\.[\w-]{16}\.[\w-]{16}\.[\w-]{22}$/);
    expect(keyIdOf(sealed)).toBe('key-1');
  });

  it('is refused when any one bit of any character differs', () => {
    const sealed = Buffer.from(seal(key, bound, Buffer.from('199001011234')));
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const flipped = Buffer.from(sealed);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(failure(() => open(key, bound, flipped.toString('latin1')))).toEqual(unreadable);
    }
  });

  it('is refused cut short, extended, or put together from two', () => {
    const [one, two] = ['a', 'b'].map((text) => seal(key, bound, Buffer.from(text)).split('.'));
    for (const forged of [
      one!.slice(0, 4).join('.'),
      [...one!, ''].join('.'),
      [...one!.slice(0, 3), ...two!.slice(3)].join('.'),
      [...one!.slice(0, 4), two![4]].join('.'),
      '',
      'a',
    ]) {
      expect(failure(() => open(key, bound, forged))).toEqual(unreadable);
    }
  });

  it('opens with no other key and in no other place, and fails alike in every case', () => {
    const sealed = seal(key, bound, Buffer.from('secret'));
    const failures = [
      failure(() => open({ id: key.id, secret: randomBytes(32) }, bound, sealed)),
      failure(() => open({ id: 'key-2', secret: key.secret }, bound, sealed)),
      failure(() => open(key, ['hospital', 'table', 'column', 'other'], sealed)),
      // The same letters, divided otherwise.
      failure(() => open(key, ['hospital', 'table', 'columnr', 'ow'], sealed)),
    ];
    for (const err of failures) {
      expect(err).toEqual(unreadable);
      expect((err as AppError).details.detail).toBeUndefined();
    }
  });

  it('never uses an IV twice', () => {
    const ivs = new Set(Array.from({ length: 20_000 }, () => seal(key, bound, Buffer.alloc(0)).split('.')[2]));
    expect(ivs.size).toBe(20_000);
  });
});
