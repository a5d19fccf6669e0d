import type { Random } from './random.js';

/** Sent as a value everywhere; no refusal may give it back. */
export const canary = 'canary-5f0c9e1d';

const nothing = '01900000-0000-7000-8000-000000000000';

const texts: readonly string[] = [
  '',
  ' ',
  canary,
  `Bearer ${canary}`,
  'x'.repeat(255),
  'x'.repeat(256),
  'x'.repeat(10_001),
  '\u0000',
  `a\u0000${canary}`,
  '\ud800',
  '\udc00\ud800',
  '\u202eabc',
  'e\u0301',
  '\u00e9',
  '\ufeff',
  '\u200b',
  '\u2028',
  '😀'.repeat(60),
  '\r\nSet-Cookie: a=b',
  '${jndi:ldap://x}',
  "' or 1=1 --",
  '"; drop table patient; --',
  '%',
  '_',
  '\\',
  '%00',
  '../../etc/passwd',
  '..%2f..%2f',
  '<script>alert(1)</script>',
  '__proto__',
  'constructor',
  'null',
  'undefined',
  'true',
  'NaN',
  'Infinity',
  '0',
  '-0',
  '1e309',
  '9007199254740993',
  '9'.repeat(30),
  '0x10',
];
const dates: readonly string[] = [
  '0000-01-01',
  '0000-00-00T00:00:00Z',
  '9999-12-31',
  '9999-12-31T23:59:59Z',
  '10000-01-01T00:00:00Z',
  '2016-12-31T23:59:60Z',
  '2026-02-30',
  '2026-02-29T00:00:00Z',
  '1980-13',
  '1849',
  '2026-01-01T00:00:00',
  '2026-01-01T00:00:00+14:00',
  '2026-01-01T00:00:00-12:00',
  '2026-01-01T00:00:00+99:59',
  '2026-01-01T24:00:00Z',
  '2026-01-01T00:00:00.123456789Z',
  '-271821-04-20T00:00:00Z',
  '+275760-09-13T00:00:00Z',
];
const ids: readonly string[] = [
  nothing,
  nothing.toUpperCase(),
  `{${nothing}}`,
  nothing.replaceAll('-', ''),
  `urn:uuid:${nothing}`,
  `${nothing}\n`,
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  `${nothing.slice(0, -1)}g`,
];
const numbers: readonly number[] = [
  0,
  -0,
  1,
  -1,
  0.5,
  100,
  101,
  1_000,
  1_001,
  2_147_483_647,
  2_147_483_648,
  -2_147_483_649,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 53 + 2,
  1e21,
  1e308,
  5e-324,
];
/** What would change a query if it reached the database client as it is. */
const operators: readonly unknown[] = [
  { not: '' },
  { contains: '' },
  { startsWith: '' },
  { in: [] },
  { gt: '' },
  { OR: [{}] },
  { set: canary },
  { increment: 1 },
  { connect: { id: nothing } },
  { path: ['a'], equals: 1 },
  { $ne: null },
  { toString: canary },
  { length: 1e9 },
  { toJSON: canary },
];

export const hostileText = (random: Random): string => random.pick(random.pick([texts, dates, ids]));

/** One value of any type, wrong nearly everywhere. */
export function hostileValue(random: Random): unknown {
  const makers: readonly (() => unknown)[] = [
    () => hostileText(random),
    () => hostileText(random),
    () => random.pick(numbers),
    () => structuredClone(random.pick(operators)),
    () => random.pick([null, true, false]),
    () => [],
    () => ({}),
    () => [hostileText(random)],
    () => Array.from({ length: random.pick([1, 21, 201, 1_000]) }, () => random.pick(['x', nothing, canary])),
    () => [[[[hostileText(random)]]]],
  ];
  return random.pick(makers)();
}

/** Members no body has, some of which a database client would understand. */
export const smuggled: readonly (readonly [string, unknown])[] = [
  ['id', nothing],
  ['hospitalId', nothing],
  ['createdBy', nothing],
  ['version', 0],
  ['role', 'super_admin'],
  ['platformRole', 'super_admin'],
  ['where', {}],
  ['select', { passwordHash: true }],
  ['include', { user: true }],
  ['orderBy', { id: 'desc' }],
  ['data', { id: nothing }],
  ['skip', -1],
  ['take', 1e9],
  ['deletedAt', null],
  ['$queryRaw', 'select 1'],
];
