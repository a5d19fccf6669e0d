import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ScoreInput, ScoreInputs } from './inputs.js';
import { scoreNews2, type Spo2Scale } from './news2.js';

const [alert, confused, voice, pain, unresponsive] = [0, 1, 2, 3, 4] as const;
const well = {
  respiratoryRate: 16,
  spo2: 97,
  onOxygen: 0,
  systolic: 120,
  heartRate: 70,
  acvpu: alert,
  temperature: 37,
};
const without = (...taken: readonly string[]): ScoreInputs =>
  Object.fromEntries(Object.entries(well).filter(([input]) => !taken.includes(input)));
const score = (inputs: ScoreInputs, spo2Scale: Spo2Scale = 1) => scoreNews2({ ...well, ...inputs }, { spo2Scale });

/** The lowest value, and the highest, of each band of the chart. */
const edges: readonly (readonly [ScoreInput, readonly (readonly [value: number, points: number])[]])[] = [
  [
    'respiratoryRate',
    [
      [0, 3],
      [8, 3],
      [9, 1],
      [11, 1],
      [12, 0],
      [20, 0],
      [21, 2],
      [24, 2],
      [25, 3],
      [120, 3],
    ],
  ],
  [
    'spo2',
    [
      [0, 3],
      [91, 3],
      [92, 2],
      [93, 2],
      [94, 1],
      [95, 1],
      [96, 0],
      [100, 0],
    ],
  ],
  [
    'systolic',
    [
      [20, 3],
      [90, 3],
      [91, 2],
      [100, 2],
      [101, 1],
      [110, 1],
      [111, 0],
      [219, 0],
      [220, 3],
      [320, 3],
    ],
  ],
  [
    'heartRate',
    [
      [0, 3],
      [40, 3],
      [41, 1],
      [50, 1],
      [51, 0],
      [90, 0],
      [91, 1],
      [110, 1],
      [111, 2],
      [130, 2],
      [131, 3],
      [350, 3],
    ],
  ],
  [
    'acvpu',
    [
      [alert, 0],
      [confused, 3],
      [voice, 3],
      [pain, 3],
      [unresponsive, 3],
    ],
  ],
  [
    'temperature',
    [
      [20, 3],
      [35, 3],
      [35.1, 1],
      [36, 1],
      [36.1, 0],
      [38, 0],
      [38.1, 1],
      [39, 1],
      [39.1, 2],
      [46, 2],
    ],
  ],
  [
    'onOxygen',
    [
      [0, 0],
      [1, 2],
    ],
  ],
];

describe('NEWS2', () => {
  it.each(edges.flatMap(([input, bands]) => bands.map(([value, points]) => [input, value, points] as const)))(
    '%s of %d is worth %d',
    (input, value, points) => {
      expect(score({ [input]: value }).total).toBe(points);
    },
  );

  it.each([
    [0, 0, 3],
    [83, 0, 3],
    [84, 0, 2],
    [85, 0, 2],
    [86, 0, 1],
    [87, 0, 1],
    [88, 0, 0],
    [92, 0, 0],
    [93, 0, 0],
    [100, 0, 0],
    [83, 1, 3],
    [84, 1, 2],
    [85, 1, 2],
    [86, 1, 1],
    [87, 1, 1],
    [88, 1, 0],
    [92, 1, 0],
    [93, 1, 1],
    [94, 1, 1],
    [95, 1, 2],
    [96, 1, 2],
    [97, 1, 3],
    [100, 1, 3],
  ])('on scale 2 a saturation of %d with oxygen %d is worth %d', (spo2, onOxygen, points) => {
    expect(score({ spo2, onOxygen }, 2).points['spo2']).toBe(points);
  });

  it.each([
    [{ respiratoryRate: 18, spo2: 95, systolic: 120, heartRate: 80, temperature: 36.8 }, 1, 1, 'low'],
    [
      { respiratoryRate: 22, spo2: 93, onOxygen: 1, systolic: 108, heartRate: 112, temperature: 38.4 },
      1,
      10,
      'emergency',
    ],
    [{ spo2: 93 }, 2, 0, 'low'],
    [{ spo2: 93, onOxygen: 1 }, 2, 3, 'low'],
    [{ spo2: 97, onOxygen: 1 }, 2, 5, 'urgent'],
    [{ acvpu: confused }, 1, 3, 'ward-review'],
  ] as const)('of %j on scale %d is %d: %s', (inputs, scale, total, band) => {
    expect(score(inputs, scale)).toMatchObject({ total, band, missing: [] });
  });

  it('is rounded before it is banded: the temperature to a tenth, the rest to whole numbers', () => {
    expect(score({ temperature: 38.04 }).total).toBe(0);
    expect(score({ temperature: 38.06 }).total).toBe(1);
    expect(score({ respiratoryRate: 20.4 }).total).toBe(0);
    expect(score({ respiratoryRate: 20.5 }).total).toBe(2);
  });

  it('takes oxygen from its share or flow when nobody says', () => {
    const oxygen = (inputs: ScoreInputs) => scoreNews2({ ...without('onOxygen'), ...inputs }, { spo2Scale: 1 });
    expect(oxygen({ fio2: 21 })).toMatchObject({ total: 0 });
    expect(oxygen({ fio2: 28 })).toMatchObject({ total: 2 });
    expect(oxygen({ oxygenFlow: 2 })).toMatchObject({ total: 2 });
    expect(oxygen({})).toMatchObject({ total: null, missing: ['onOxygen'] });
  });

  it('has no total without an input, and says what is known and what is missing', () => {
    expect(scoreNews2({ ...without('spo2', 'acvpu'), heartRate: 120 }, { spo2Scale: 1 })).toMatchObject({
      total: null,
      partial: 2,
      band: 'incomplete',
      missing: ['acvpu', 'spo2'],
    });
    expect(scoreNews2({}, { spo2Scale: 2 })).toMatchObject({ total: null, partial: 0, alarm: null });
  });

  it.each([
    [{ respiratoryRate: 22, heartRate: 100 }, null],
    [{ respiratoryRate: 25 }, 'medium'],
    [{ respiratoryRate: 22, heartRate: 112, systolic: 105 }, 'medium'],
    [{ respiratoryRate: 22, heartRate: 112, systolic: 95, temperature: 38.5 }, 'high'],
  ] as const)('of %j is an alarm of priority %s', (inputs, alarm) => {
    expect(score(inputs).alarm).toBe(alarm);
  });

  it('is an alarm as soon as what is known suffices, whatever the rest would say', () => {
    const known = { respiratoryRate: 25, heartRate: 131, systolic: 100 };
    expect(scoreNews2(known, { spo2Scale: 1 })).toMatchObject({ total: null, partial: 8, alarm: 'high' });
  });
});

const anyInputs = fc.record({
  respiratoryRate: fc.integer({ min: 0, max: 120 }),
  spo2: fc.integer({ min: 0, max: 100 }),
  onOxygen: fc.constantFrom(0, 1),
  systolic: fc.integer({ min: 20, max: 320 }),
  heartRate: fc.integer({ min: 0, max: 350 }),
  acvpu: fc.integer({ min: 0, max: 4 }),
  temperature: fc.integer({ min: 200, max: 460 }).map((tenths) => tenths / 10),
});
const scale = fc.constantFrom<Spo2Scale>(1, 2);

describe('every NEWS2', () => {
  it('is between 0 and 20, and the sum of its points', () => {
    fc.assert(
      fc.property(anyInputs, scale, (inputs, spo2Scale) => {
        const { total, points } = scoreNews2(inputs, { spo2Scale });
        expect(total).toBe(Object.values(points).reduce((sum, each) => sum + each, 0));
        expect(total).toBeGreaterThanOrEqual(0);
        expect(total).toBeLessThanOrEqual(20);
      }),
    );
  });

  it('lacks exactly what is taken away, and what remains is never worth more than the whole', () => {
    const inputs = ['respiratoryRate', 'spo2', 'onOxygen', 'systolic', 'heartRate', 'acvpu', 'temperature'] as const;
    fc.assert(
      fc.property(anyInputs, scale, fc.subarray([...inputs], { minLength: 1 }), (all, spo2Scale, taken) => {
        const whole = scoreNews2(all, { spo2Scale });
        const rest = Object.fromEntries(Object.entries(all).filter(([input]) => !taken.some((each) => each === input)));
        const part = scoreNews2(rest, { spo2Scale });
        expect([...part.missing].sort()).toEqual([...taken].sort());
        expect(part).toMatchObject({ total: null, band: 'incomplete' });
        expect(part.partial).toBeLessThanOrEqual(whole.partial);
      }),
    );
  });

  it('does not fall when a value moves further from normal', () => {
    const normal = { respiratoryRate: 16, systolic: 150, heartRate: 70, temperature: 37 } as const;
    const moved = fc.constantFrom(...(Object.keys(normal) as (keyof typeof normal)[]));
    const distance = fc.integer({ min: 0, max: 90 });
    fc.assert(
      fc.property(moved, distance, distance, fc.constantFrom(-1, 1), (input, one, other, side) => {
        const at = (far: number) => score({ [input]: normal[input] + side * far }).partial;
        // Below the normal range as above it, points only grow; the saturation has one side on scale 1.
        expect(at(Math.min(one, other))).toBeLessThanOrEqual(at(Math.max(one, other)));
      }),
    );
  });
});
