import { describe, expect, it } from '@jest/globals';
import { Hospitals } from '../hospitals/hospitals.js';
import { Hl7Sources } from './hl7-sources.js';

const hospitalId = '01900000-0000-7000-8000-0000000000ff';
const row = (address: string, change: object = {}): object => ({
  ...{ id: address, address, prefix: 16, application: 'PICiX', facility: 'ICU', timezone: null },
  ...{ gateway_id: 'icu', hospital_id: hospitalId, slug: 'north', critical: false, rows_per_second: null, epoch: '1' },
  ...change,
});
const sender = (address: string) => ({ address, application: 'PICiX', facility: 'ICU' });

function sourcesOf(...rows: object[]) {
  const hospitals = new Hospitals();
  const lane = { run: <T>() => Promise.resolve(rows as T[]) };
  return { hospitals, sources: new Hl7Sources(lane, hospitals) };
}

describe('a sender without a key', () => {
  it('is held to the quota of its hospital', async () => {
    const { hospitals, sources } = sourcesOf(row('10.1.0.0', { rows_per_second: 1 }));
    await sources.callerOf(sender('10.1.2.3'));
    const quota = hospitals.get(hospitalId)?.quota;
    quota?.take(11);
    expect(quota?.waitMs).toBeGreaterThan(0);
  });

  it('is known where its network is, and nowhere else', async () => {
    const { sources } = sourcesOf(row('10.1.0.0'));
    expect(await sources.callerOf(sender('::ffff:10.1.2.3'))).toMatchObject({ gatewayId: 'icu' });
    await expect(sources.callerOf(sender('10.2.2.3'))).rejects.toMatchObject({ code: 'auth.unauthenticated' });
  });
});

describe('the zone of a sender’s local times', () => {
  const { sources } = sourcesOf(
    row('10.1.0.0', { timezone: 'Asia/Tokyo' }),
    row('10.2.0.0', { timezone: 'Asia/Kolkata' }),
    row('10.1.0.0', { application: 'other', timezone: 'Europe/Dublin' }),
    row('10.3.0.0', { gateway_id: 'ward', timezone: 'Europe/Dublin' }),
  );

  it('is that of the network it sends from, of several under its name', async () => {
    expect(await sources.zoneOf('icu', sender('10.1.2.3'))).toBe('Asia/Tokyo');
    expect(await sources.zoneOf('icu', sender('10.2.2.3'))).toBe('Asia/Kolkata');
  });

  it('is not known elsewhere where they differ, and is theirs where they do not', async () => {
    expect(await sources.zoneOf('icu', sender('10.9.2.3'))).toBeUndefined();
    expect(await sources.zoneOf('icu', sender(''))).toBeUndefined();
    expect(await sources.zoneOf('ward', sender(''))).toBe('Europe/Dublin');
    expect(await sources.zoneOf('nobody', sender(''))).toBeUndefined();
  });
});
