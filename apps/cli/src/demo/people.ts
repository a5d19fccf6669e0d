import { type Random } from '../simulate/random.js';
import { type Region } from './regions.js';

/** What a person is, as far as a register asks. Deterministic for a source of chance and a day. */
export interface Person {
  readonly familyName: string;
  readonly givenName: string;
  readonly sex: 'female' | 'male';
  /** `YYYY-MM-DD`. */
  readonly birthDate: string;
  readonly birthDatePrecision: 'year' | 'month' | 'day';
  readonly phone: string;
  readonly language: string;
  readonly address: { readonly line: string; readonly city: string };
}

const day = 86_400_000;

/** @param ages youngest and oldest, years; infants come out a few weeks to months old */
export function makePerson(
  random: Random,
  region: Region,
  [youngest, oldest]: readonly [number, number],
  now: Date,
): Person {
  const sex = random.chance(0.5) ? 'female' : 'male';
  const ageDays = random.between(youngest * 365.25 + 20, (oldest + 1) * 365.25);
  return {
    familyName: random.pick(region.family),
    givenName: random.pick(region[sex]),
    sex,
    birthDate: new Date(now.getTime() - ageDays * day).toISOString().slice(0, 10),
    birthDatePrecision: ageDays > 60 * 365 && random.chance(0.15) ? 'year' : 'day',
    phone: region.phonePrefix + String(random.integer(0, 9_999)).padStart(4, '0'),
    language: random.pick(region.languages),
    address: { line: `${String(random.integer(1, 120))} ${random.pick(region.streets)}`, city: region.city },
  };
}
