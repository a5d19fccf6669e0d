import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { useBedside } from '../../testing/bedside.js';

/** InfluxDB's own shell, version 1, which `npm test` gets from the distribution. Where that has none, nothing is tried. */
const influx = process.env['INFLUX'] ?? '';
const withInflux = influx === '' ? describe.skip : describe;

const bed = useBedside();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hms-influx-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the command says. */
async function run(...args: string[]): Promise<string> {
  const sign = [
    '-host',
    '127.0.0.1',
    '-port',
    String(bed.ingest.port),
    '-username',
    'any',
    '-password',
    bed.gateway.key,
  ];
  const { stdout, stderr } = await promisify(execFile)(influx, [...sign, ...args], { env: { HOME: folder } });
  return stdout + stderr;
}

withInflux('the influx command', () => {
  it('imports a file of lines, all of which are stored', async () => {
    const file = join(folder, 'lines.txt');
    const now = Date.now();
    const lines = Array.from(
      { length: 300 },
      (_, i) => `vitals,device=${bed.device.name} hr=${60 + (i % 40)}i ${now - i * 1_000}`,
    );
    const { slug } = bed.hospital.hospital;
    const head = ['# DDL', `CREATE DATABASE ${slug}`, '# DML', `# CONTEXT-DATABASE: ${slug}`];
    writeFileSync(file, [...head, ...lines, ''].join('\n'));
    expect(await run('-import', `-path=${file}`, '-precision=ms')).toContain('Processed 300 inserts');
    expect(await bed.hospital.count('vitals', 'device_no = $1', [bed.device.no])).toBe(300);
  });

  it('is told of a line that is refused', async () => {
    const insert = `INSERT vitals,device=${bed.device.name} hr=999i ${Date.now()}`;
    const database = ['-database', bed.hospital.hospital.slug, '-precision', 'ms'];
    const said = await run(...database, '-execute', insert).catch((err: unknown) => String(err));
    expect(said).toContain('partial write: line 1: out_of_range hr dropped=1');
  });
});
