import { readFileSync } from 'node:fs';
import { acvpuLevels, type VitalSign, vitalSigns } from '@hms/contracts';
import { describe, expect, it } from '@jest/globals';

const migration = new URL('../../../../../prisma/migrations/tenant/0034_newest_vitals.sql', import.meta.url);

/** How the number in `vitals_latest` is made from a column of `vitals`. */
const numberOf = ({ column, kind }: VitalSign): string => {
  switch (kind) {
    case 'boolean':
      return `${column}::int`;
    case 'acvpu':
      return `strpos('${acvpuLevels.join('')}', ${column}::text) - 1`;
    default:
      return column;
  }
};

describe('recomputing the latest vitals', () => {
  it('knows every vital sign', () => {
    const sql = readFileSync(migration, 'utf8');
    const body = /create function refresh_vitals_latest[^;]*/.exec(sql)?.[0] ?? '';
    const listed = [...body.matchAll(/\('(\w+)', (.+?)\)(?=,\n|\)|\n)/g)].map(([, code, value]) => [code, value]);
    expect(listed).toEqual(vitalSigns.map((sign) => [sign.code, numberOf(sign)]));
  });
});
