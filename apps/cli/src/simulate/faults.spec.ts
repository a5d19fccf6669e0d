import { FaultInjector, noFaults, parseFaults, type Faults, type Outgoing } from './faults.js';
import { Random } from './random.js';

const readings = (count: number): Outgoing[] =>
  Array.from({ length: count }, (_, i) => ({ device: 'mon-1', at: i * 1_000, reading: { hr: 70 }, malformed: false }));
const injector = (faults: Partial<Faults>): FaultInjector =>
  new FaultInjector({ ...noFaults, ...faults }, new Random('faults'));

describe('the option --faults', () => {
  it('takes probabilities and a clock skew in seconds', () => {
    expect(parseFaults('duplicates=0.02, late=0.01,skew=-5')).toEqual({
      ...noFaults,
      duplicates: 0.02,
      late: 0.01,
      skew: -5,
    });
  });

  it.each(['lost=0.1', 'late=2', 'late', 'skew=soon', ''])('refuses %p', (text) => {
    expect(() => parseFaults(text)).toThrow();
  });
});

describe('faults on the way', () => {
  it('change nothing when none are asked for', () => {
    expect(injector({}).apply(readings(50), 0)).toEqual(readings(50));
  });

  it('send every duplicate again in a later batch, unchanged', () => {
    const faulty = injector({ duplicates: 1 });
    expect(faulty.apply(readings(5), 0)).toEqual(readings(5));
    expect(faulty.apply([], 1_000)).toEqual(readings(5));
    expect(faulty.drain()).toEqual([]);
  });

  it('hold late readings back, then send them with their own time', () => {
    const faulty = injector({ late: 1 });
    expect(faulty.apply(readings(5), 0)).toEqual([]);
    expect(faulty.apply([], 59_000)).toEqual([]);
    expect(faulty.apply([], 600_001)).toEqual(readings(5));
  });

  it('lose nothing that was held back at the end', () => {
    const faulty = injector({ late: 0.5 });
    const sent = [...faulty.apply(readings(100), 0), ...faulty.drain()];
    expect(sent).toHaveLength(100);
  });

  it('mark what was made wrong on purpose', () => {
    const [spoilt] = injector({ malformed: 1 }).apply(readings(1), 0);
    expect(spoilt).toMatchObject({ malformed: true, reading: { spo2: 250 } });
  });

  it('silence a device for a while', () => {
    const faulty = injector({ gap: 1 });
    expect(faulty.apply(readings(3), 0)).toEqual([]);
  });
});
