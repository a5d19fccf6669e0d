import { vitalSigns, type VitalCode, type VitalSign } from './vitals.js';

type Convert = (value: number) => number;

const same: Convert = (value) => value;
const times =
  (factor: number): Convert =>
  (value) =>
    value * factor;
const hundredths: (convert: Convert) => Convert = (convert) => (value) => Math.round(convert(value) * 100) / 100;

const alike = (...units: string[]): Map<string, Convert> => new Map(units.map((unit) => [unit, same]));

const mmHgPerKilopascal = 7.50062;
const celsiusOf = hundredths((fahrenheit) => ((fahrenheit - 32) * 5) / 9);

/**
 * By the unit a vital sign is stored in, the units devices say it in: UCUM, SenML (RFC 8428 §12.1, RFC 8798), and the
 * numbers of ISO/IEEE 11073-10101 (MDC).
 */
const conversions: Readonly<Record<string, ReadonlyMap<string, Convert>>> = {
  '/min': alike('/min', '1/min', 'beat/min', '{beats}/min', '{breaths}/min', '264864', '264928'),
  '%': new Map([...alike('%', '/100', '262688'), ['/', times(100)]]),
  'mm[Hg]': new Map([
    ...alike('mm[Hg]', 'mmHg', '266016'),
    ['kPa', times(mmHgPerKilopascal)],
    ['265987', times(mmHgPerKilopascal)],
    ['hPa', times(mmHgPerKilopascal / 10)],
    ['Pa', times(mmHgPerKilopascal / 1_000)],
  ]),
  Cel: new Map([
    ...alike('Cel', '268192'),
    ['[degF]', celsiusOf],
    ['266560', celsiusOf],
    ['K', hundredths((value) => value - 273.15)],
  ]),
};

const signs: readonly (VitalSign & { readonly code: VitalCode })[] = vitalSigns;
const conversionsOf = new Map(signs.map(({ code, unit = '' }) => [code, conversions[unit]]));

/** The value in the unit its vital sign is stored in; undefined for a unit it does not come in. */
export const inStoredUnit = (sign: VitalCode, value: number, unit: string): number | undefined =>
  conversionsOf.get(sign)?.get(unit)?.(value);
