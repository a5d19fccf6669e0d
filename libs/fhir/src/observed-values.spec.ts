import { describe, expect, it } from '@jest/globals';
import { observedValues } from './observed-values.js';

const loinc = (...codes: string[]): object => ({ coding: codes.map((code) => ({ system: 'http://loinc.org', code })) });
const quantity = (value: number, code: string): object => ({
  valueQuantity: { value, unit: code, system: 'http://unitsofmeasure.org', code },
});
const systolic = { code: loinc('8480-6'), ...quantity(16, 'kPa') };

describe('the values of an Observation', () => {
  it('are in the unit the vital sign is stored in, whichever of its codes is known', () => {
    const saturation = { code: loinc('20564-1', '2708-6'), ...quantity(97, '%') };
    expect(observedValues(saturation)).toEqual([{ sign: 'spo2', value: 97, field: '20564-1' }]);
  });

  it('are those of its components, of a panel under any code', () => {
    const diastolic = { code: loinc('8462-4'), dataAbsentReason: {} };
    const position = { code: loinc('8361-8'), valueCodeableConcept: { coding: [{ code: '33586001' }] } };
    expect(observedValues({ code: loinc('55284-4'), component: [systolic, diastolic, position] })).toEqual([
      { sign: 'systolic', value: expect.closeTo(120, 1), field: '8480-6' },
      { refused: 'unknown_field', field: '8361-8' },
    ]);
  });

  it.each([
    ['another quantity', { code: loinc('29463-7'), ...quantity(80, 'kg') }, 'unknown_field'],
    ['a unit it does not come in', { code: loinc('8867-4'), ...quantity(72, 'kg') }, 'malformed'],
    ['a bound', { code: loinc('8867-4'), valueQuantity: { value: 72, comparator: '>' } }, 'malformed'],
    ['no value', { code: loinc('8867-4') }, 'malformed'],
    ['samples', { code: loinc('8867-4'), valueSampledData: {} }, 'unsupported'],
  ])('cannot be read of %s', (_, observation, refused) => {
    expect(observedValues(observation)).toMatchObject([{ refused }]);
  });
});
