import { formatGatewayKey, hashSecret, newGatewayKey } from '@hms/auth';
import { hash, verify } from '@node-rs/argon2';
import { settleGatewayKey, settlePassword } from './credentials.js';

const cheap = { memoryCost: 8, timeCost: 1, parallelism: 1 };

describe('a demo password', () => {
  it('stays when the stored hash proves it', async () => {
    expect(await settlePassword('known', await hash('known', cheap))).toEqual({ password: 'known' });
  });

  it('is hashed again when the stored hash is of another one or missing', async () => {
    for (const stored of [await hash('other', cheap), undefined]) {
      const { password, newHash } = await settlePassword('known', stored);
      expect(password).toBe('known');
      expect(newHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
      expect(await verify(newHash!, 'known')).toBe(true);
    }
  });

  it('is made anew when none was written, even if a hash is stored', async () => {
    const { password, newHash } = await settlePassword(undefined, await hash('lost', cheap));
    expect(password).toMatch(/^[\w-]{16}$/);
    expect(newHash).toBeDefined();
  });
});

describe("a demo gateway's key", () => {
  const key = newGatewayKey();
  const stored = { keyId: key.keyId, secretHash: hashSecret(key.secret) };

  it('stays while it works', () => {
    expect(settleGatewayKey(formatGatewayKey(key), [stored])).toEqual({ text: formatGatewayKey(key), isNew: false });
  });

  it('is replaced when it was revoked, or written for another database', () => {
    expect(settleGatewayKey(formatGatewayKey(key), [])).toMatchObject({ isNew: true });
    expect(settleGatewayKey(formatGatewayKey({ ...key, secret: newGatewayKey().secret }), [stored]).isNew).toBe(true);
    expect(settleGatewayKey(undefined, [stored]).isNew).toBe(true);
  });
});
