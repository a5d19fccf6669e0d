import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runHms, startHms } from '../testing/run-hms.js';
import { TestDemo } from '../testing/test-demo.js';
import { until } from '../testing/until.js';

let demo: TestDemo;
let device: string;

beforeAll(async () => {
  demo = await TestDemo.create();
  device = demo.hospital.devices[0]?.id ?? '';
});
afterAll(() => demo.drop());

const lastYear = Date.UTC(new Date().getUTCFullYear() - 1, 2, 30);
const path = (name: string): string => join(demo.folder, name);
const importFile = (name: string, ...args: string[]): ReturnType<typeof startHms> =>
  startHms('import', path(name), '--hospital', demo.hospital.slug, ...args);
const csvRow = (i: number): string => `${device},${String(lastYear + i * 1_000)},${String(60 + (i % 30))}`;

/** Readings of these tests: nothing else is as old. */
const old = `recorded_at < now() - interval '60 days'`;
const stored = async (): Promise<number> =>
  (await demo.count('vitals', old)) + (await demo.count('vitals_unassigned', old));

beforeEach(async () => {
  await demo.rows(`delete from {schema}.vitals where ${old}`);
  await demo.rows(`delete from {schema}.vitals_unassigned where ${old}`);
});

describe('hms import', () => {
  it('stores what ingest takes no more, with the patient who wore the device then, and raises no alarm', async () => {
    const [patient] = demo.hospital.patients;
    await demo.rows(
      `insert into {schema}.device_assignment (id, device_id, patient_id, ward_id, valid, created_by)
       select gen_random_uuid(), d.id, $2, $3, tstzrange($4::timestamptz, $4::timestamptz + interval '10 s'), $2
         from {schema}.device d where external_id = $1`,
      [device, patient?.id, demo.hospital.wards[0]?.id, new Date(lastYear)],
    );
    await writeFile(path('a.csv'), ['device,time,hr', ...Array.from({ length: 20 }, (_, i) => csvRow(i))].join('\n'));
    const { code, out, err } = await importFile('a.csv').ended;
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('stored     20, of which nobody wore the device of 10');
    expect(await demo.count('vitals', `${old} and patient_id = '${patient?.id ?? ''}'`)).toBe(10);
    expect(await demo.count('vitals_unassigned', old)).toBe(10);
    expect(
      await demo.count('telemetry_flush', `rows = 20 and evaluated and recorded_until < now() - interval '60 days'`),
    ).toBe(1);
    expect(await demo.count('alarm')).toBe(0);
    // The worker may have done it by now.
    const own = `patient_id = '${patient?.id ?? ''}'`;
    const marked = await demo.count('vitals_dirty', `${own} and until - since = interval '9 s'`);
    const summedUp = await demo.count('vitals_1m', `${own} and bucket < now() - interval '60 days'`);
    expect(marked + summedUp).toBe(1);
  });

  it('killed in the middle and run again stores each row once, and lists each refused row once', async () => {
    const rows = Array.from({ length: 40_000 }, (_, i) =>
      i % 1_000 === 7 ? `${device},${String(lastYear)},999` : csvRow(i),
    );
    await writeFile(path('big.csv'), ['device,time,hr', ...rows].join('\n'));
    const chunks = `import_id = 'big'`;
    for (const enough of [1, 4]) {
      const running = importFile('big.csv', '--import-id', 'big', '--rate', '20000');
      await until(async () => (await demo.count('telemetry_import_chunk', chunks)) >= enough);
      running.kill('SIGKILL');
      await running.ended;
      expect(await demo.count('telemetry_import_chunk', chunks)).toBeLessThan(8);
    }
    const { code, out } = await importFile('big.csv', '--import-id', 'big').ended;
    expect(code).toBe(0);
    expect(out).toContain('The import big is complete: 40,000 rows.');
    expect(await stored()).toBe(39_960);
    const [ledger] = await demo.rows(
      `select sum(row_count)::int as rows, sum(accepted)::int as accepted, sum(duplicates)::int as duplicates
         from {schema}.telemetry_import_chunk where ${chunks}`,
    );
    expect(ledger).toEqual({ rows: 40_000, accepted: 39_960, duplicates: 0 });
    const refused = (await readFile(path('big.csv.rejects.csv'), 'utf8')).trim().split('\n');
    expect(refused).toEqual([
      'line,code,field',
      ...Array.from({ length: 40 }, (_, i) => `${String(i * 1_000 + 7 + 2)},out_of_range,hr`),
    ]);
  });

  it('ends with every row of a file sorted by device, whatever the worker would retire meanwhile', async () => {
    const second = demo.hospital.devices[1]?.id ?? '';
    const hours = Array.from({ length: 6_000 }, (_, i) => lastYear + i * 3_600_000);
    const rows = [device, second].flatMap((name) => hours.map((at) => `${name},${String(at)},72`));
    await writeFile(path('sorted.csv'), ['device,time,hr', ...rows].join('\n'));
    const begun = importFile('sorted.csv', '--import-id', 'sorted', '--rate', '2000');
    await until(async () => (await demo.count('telemetry_import_chunk', `import_id = 'sorted'`)) > 0);
    begun.kill('SIGTERM');
    expect((await begun.ended).out).toContain('run it again to go on');
    // As when all that is stored were summed up.
    await demo.rows(`delete from {schema}.vitals_dirty`);
    await demo.rows(`select {schema}.retire_telemetry_partition() from generate_series(1, 60)`);
    expect(await importFile('sorted.csv', '--import-id', 'sorted').ended).toMatchObject({ code: 0, err: '' });
    expect(await stored()).toBe(12_000);
  });

  it('does not go on with a file that it would read otherwise', async () => {
    await writeFile(path('ms.lp'), `vitals,device=${device} hr=72 ${String(lastYear)}\n`);
    const ms = ['--import-id', 'ms', '--precision', 'ms'];
    expect(await importFile('ms.lp', ...ms).ended).toMatchObject({ code: 0 });
    expect(await importFile('ms.lp', '--import-id', 'ms', '--precision', 's').ended).toMatchObject({
      code: 1,
      err:
        'hms: The import "ms" was begun with --format lp --precision ms; ' +
        'go on with the same options, or give the file another --import-id.\n',
    });
    expect(await importFile('ms.lp', ...ms).ended).toMatchObject({ code: 0 });
  });

  it('stores nothing twice under another name, and adds what a stored reading does not have', async () => {
    const line = (fields: string): string => `vitals,device=${device} ${fields} ${String(lastYear)}000000\n`;
    await writeFile(path('b.lp'), line('hr=72'));
    await writeFile(path('c.lp'), line('hr=99,spo2=97i'));
    for (const [name, id] of [
      ['b.lp', 'x1'],
      ['b.lp', 'x2'],
      ['c.lp', 'x3'],
    ] as const) {
      expect(await importFile(name, '--import-id', id).ended).toMatchObject({ code: 0 });
    }
    expect(
      await demo.rows(`select heart_rate, spo2 from {schema}.vitals_unassigned where ${old}
      union all select heart_rate, spo2 from {schema}.vitals where ${old}`),
    ).toEqual([{ heart_rate: 72, spo2: 97 }]);
  });

  it('does not take another file under the same name', async () => {
    await writeFile(path('d.lp'), `vitals,device=${device} hr=1 ${String(lastYear)}000000\n`);
    await writeFile(path('e.lp'), `vitals,device=${device} hr=2 ${String(lastYear)}000000\n`);
    expect(await importFile('d.lp', '--import-id', 'same').ended).toMatchObject({ code: 0 });
    const { code, err } = await importFile('e.lp', '--import-id', 'same').ended;
    expect({ code, err }).toEqual({ code: 1, err: 'hms: The import "same" was of another file.\n' });
  });

  it('tries a file without storing anything, and says what it would refuse', async () => {
    const good = `{"d":"${device}","t":${String(lastYear)},"hr":72}`;
    await writeFile(path('f.ndjson'), [good, '{"d":"nobody","t":1767225600000,"hr":72}', 'x'].join('\n'));
    const before = await demo.rows('select count(*) from {schema}.telemetry_import');
    const { out } = await importFile('f.ndjson', '--dry-run', '--rejects', path('f.txt')).ended;
    expect(out).toContain('Nothing was stored. Of 3 rows:\n  readable   1\n  rejected   2');
    expect(await readFile(path('f.txt'), 'utf8')).toBe('line,code,field\n2,unknown_device,d\n3,malformed,\n');
    expect(await stored()).toBe(0);
    expect(await demo.rows('select count(*) from {schema}.telemetry_import')).toEqual(before);
  });

  it('shows the newest values of what was measured today', async () => {
    const at = new Date();
    await writeFile(path('g.ndjson'), JSON.stringify({ d: device, t: at.toISOString(), hr: 111 }));
    expect(await importFile('g.ndjson').ended).toMatchObject({ code: 0 });
    expect(await demo.count('vitals_latest', `code = 'heartRate' and value = 111`)).toBe(1);
  });

  it('refuses what was recorded before the readings that were retired', async () => {
    await demo.rows(`update {schema}.vitals_rollup set raw_from = $1`, [new Date(lastYear + 1)]);
    await writeFile(path('h.lp'), `vitals,device=${device} hr=1 ${String(lastYear)}000000\n`);
    expect((await importFile('h.lp').ended).out).toContain('rejected   1');
    await demo.rows(`update {schema}.vitals_rollup set raw_from = '-infinity'`);
  });

  it('needs to know whose readings they are', async () => {
    expect(await runHms('import', path('a.csv'), '--hospital', 'nobody')).toMatchObject({ code: 1 });
  });
});
