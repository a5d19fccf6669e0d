import { createLogger } from '@hms/service-kit';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Hospital } from '../hospitals/hospital.js';
import { Hospitals } from '../hospitals/hospitals.js';
import { AlarmRounds } from './alarm-rounds.js';
import { Rescans } from './rescans.js';

const logger = createLogger('test', 'silent');
const north = new Hospital('019a0000-0000-7000-8000-000000000001', 'north');
const south = new Hospital('019a0000-0000-7000-8000-000000000002', 'south');

let left: Map<Hospital, number>;
let done: string[];

beforeEach(() => {
  left = new Map();
  done = [];
});

const rescansOf = (rescan: (hospital: Hospital) => Promise<number>): Rescans =>
  new Rescans({ logger, rescan, onRescanned: ({ slug }) => void done.push(slug) });
const piece = (hospital: Hospital): Promise<number> => {
  const pieces = left.get(hospital) ?? 0;
  left.set(hospital, pieces - 1);
  return Promise.resolve(Math.max(pieces, 0));
};

/** Done when all that is ready now has happened. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('hospitals that were left behind', () => {
  it('are rescanned in turn, to their ends', async () => {
    left.set(north, 3).set(south, 1);
    const rescans = rescansOf(piece);
    rescans.ask(north);
    rescans.ask(south);
    await settled();
    expect(done).toEqual(['north', 'south', 'north', 'north']);
    left.set(south, 1);
    rescans.ask(south);
    await settled();
    expect(done.at(-1)).toBe('south');
    expect(done).toHaveLength(5);
  });

  it('do not suffer from one that fails, which is tried when it is asked for again', async () => {
    left.set(north, 1).set(south, 2);
    let failures = 1;
    const rescans = rescansOf((hospital) =>
      hospital === north && failures-- > 0 ? Promise.reject(new Error('not now')) : piece(hospital),
    );
    rescans.ask(north);
    rescans.ask(south);
    await settled();
    expect(done).toEqual(['south', 'south']);
    rescans.ask(north);
    await settled();
    expect(done.at(-1)).toBe('north');
  });

  it('are left to the next process at the end', async () => {
    left.set(north, Infinity);
    const rescans = rescansOf((hospital) => settled().then(() => piece(hospital)));
    rescans.ask(north);
    await rescans.stop();
    expect(done).toEqual(['north']);
  });

  it('keep no other from its round', async () => {
    const begun: string[] = [];
    const rescans = rescansOf(({ slug }) => {
      begun.push(slug);
      return new Promise<number>(() => undefined);
    });
    const asked: string[] = [];
    const rounds = new AlarmRounds({
      lane: {
        run: (statement: string) => {
          if (statement.includes('public.hospital')) return Promise.resolve([north, south] as never[]);
          asked.push(/hospital_(\w+)\./.exec(statement)?.[1] ?? '');
          return Promise.resolve([{ moved: 0, open: false, due: false, behind: true }] as never[]);
        },
      },
      hospitals: new Hospitals(),
      logger,
      onMoved: () => undefined,
      onOpen: () => undefined,
      onDue: () => undefined,
      onBehind: (hospital) => rescans.ask(hospital),
    });
    rounds.start();
    await settled();
    await rounds.stop();
    expect([begun, asked]).toEqual([['north'], ['north', 'south']]);
  });
});
