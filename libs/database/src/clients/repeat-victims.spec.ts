import { DriverAdapterError } from '@prisma/driver-adapter-utils';
import { repeatVictims } from './repeat-victims.js';

const failure = (sqlState: string): Error =>
  new DriverAdapterError({ kind: 'TransactionWriteConflict', originalCode: sqlState });

/** Fails with each error in turn, then succeeds. */
function attempts(errors: Error[]): { run: () => Promise<string>; count: () => number } {
  let count = 0;
  const run = (): Promise<string> => {
    const error = errors[count];
    count += 1;
    return error ? Promise.reject(error) : Promise.resolve('done');
  };
  return { run, count: () => count };
}

describe('repeating the victims of a conflict', () => {
  const pauses: number[] = [];
  const pause = (ms: number): Promise<void> => {
    pauses.push(ms);
    return Promise.resolve();
  };
  beforeEach(() => pauses.splice(0));

  it.each(['40001', '40P01'])('repeats after %s', async (state) => {
    const { run, count } = attempts([failure(state)]);
    await expect(repeatVictims(run, pause)).resolves.toBe('done');
    expect(count()).toBe(2);
  });

  it('gives up after three repetitions', async () => {
    const { run, count } = attempts(Array.from({ length: 9 }, () => failure('40001')));
    await expect(repeatVictims(run, pause)).rejects.toMatchObject({ cause: { originalCode: '40001' } });
    expect(count()).toBe(4);
  });

  it('pauses at random, at most twice as long each time', async () => {
    const { run } = attempts(Array.from({ length: 3 }, () => failure('40P01')));
    await repeatVictims(run, pause);
    expect(pauses).toHaveLength(3);
    [40, 80, 160].forEach((limit, n) => expect(pauses[n]).toBeLessThan(limit));
  });

  it.each([failure('23505'), failure('08006'), new Error('P2034')])('does not repeat after %s', async (error) => {
    const { run, count } = attempts([error]);
    await expect(repeatVictims(run, pause)).rejects.toBe(error);
    expect(count()).toBe(1);
  });
});
