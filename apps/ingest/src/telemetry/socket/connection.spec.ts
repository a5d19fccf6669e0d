import { describe, expect, it } from '@jest/globals';
import { hospitalWith } from '../../testing/telemetry-fakes.js';
import { Connection } from './connection.js';

const caller = { hospital: hospitalWith(1) } as unknown as ConstructorParameters<typeof Connection>[2];

describe('what messages of one connection say', () => {
  it('is known at once while none before is still read apart, and else after those', async () => {
    const connection = new Connection('', 'r', caller);
    expect(connection.inTurn('first')).toBe('first');
    let finish = (_said: string): void => undefined;
    const told: string[] = [];
    const large = connection.inTurn(new Promise<string>((resolve) => (finish = resolve)));
    const small = connection.inTurn('small');
    const both = [large, small].map(async (said) => told.push(await said));
    await Promise.resolve();
    finish('large');
    await Promise.all(both);
    expect(told).toEqual(['large', 'small']);
    await new Promise(setImmediate);
    expect(connection.inTurn('last')).toBe('last');
  });

  it('is not held up by one that could not be read', async () => {
    const connection = new Connection('', 'r', caller);
    const broken = connection.inTurn(Promise.reject(new Error('no JSON')));
    const next = connection.inTurn('next');
    await expect(broken).rejects.toThrow('no JSON');
    expect(await next).toBe('next');
  });
});
