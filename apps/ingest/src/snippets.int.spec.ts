import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { useBedside } from './testing/bedside.js';
import { variable } from './testing/environment.js';
import { eventually } from './testing/eventually.js';
import { TestBroker } from './testing/test-broker.js';
import { freePort } from './testing/test-ingest.js';

const text = readFileSync(join(import.meta.dirname, '../../../docs/integrating.md'), 'utf8');
/** Of each section, those that are to be run. */
const snippets = text.split('\n## ').flatMap((section) => {
  const [title = ''] = section.split('\n');
  return [...section.matchAll(/```(sh|js)\n(.*?)```/gs)].map(([, kind = '', code = '']) => ({ title, kind, code }));
});
const influx = process.env['INFLUX'];
const ready = ({ code }: { code: string }): boolean => influx !== undefined || !code.startsWith('influx ');

let broker: TestBroker;
let mllpPort: number;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hms-snippets-'));
  broker = await TestBroker.start();
}, 60_000);
const bed = useBedside(async () => {
  mllpPort = await freePort();
  return { env: { MLLP_PORT: String(mllpPort), MQTT_URL: broker.url } };
});
afterAll(async () => {
  await broker.stop();
  rmSync(folder, { recursive: true, force: true });
});

const programs = [process.env['PATH'], join(dirname(variable('MOSQUITTO')), '../bin'), dirname(influx ?? '/')];
const environment = (): Record<string, string> => ({
  PATH: programs.join(delimiter),
  LD_LIBRARY_PATH: process.env['MOSQUITTO_LIBRARY_PATH'] ?? '',
  HOME: folder,
  HMS: bed.ingest.url,
  HMS_HOST: '127.0.0.1',
  HMS_PORT: String(bed.ingest.port),
  GATEWAY_KEY: bed.gateway.key,
  DEVICE: bed.device.name,
  HOSPITAL: bed.hospital.hospital.slug,
  HMS_MQTT_URL: broker.url,
  MLLP_HOST: '127.0.0.1',
  MLLP_PORT: String(mllpPort),
});

/** Runs it to its end, where its language finds what it needs. @throws when it fails */
async function run(kind: string, code: string): Promise<void> {
  const [program, args, cwd] =
    kind === 'sh'
      ? ['bash', ['-euo', 'pipefail'], folder]
      : [process.execPath, ['--input-type=module'], join(import.meta.dirname, '..')];
  const running = promisify(execFile)(program, args, { cwd, env: environment(), timeout: 20_000 });
  running.child.stdin?.end(code);
  await running;
}

describe('what docs/integrating.md shows works as pasted', () => {
  it('and is for every way in', () => {
    expect(snippets.map(({ kind }) => kind)).toEqual(['sh', 'sh', 'sh', 'js', 'sh', 'sh', 'js', 'js']);
  });

  it.each(snippets.filter(ready))('$title ($kind)', async ({ kind, code }) => {
    const subscription = `v1/${bed.hospital.hospital.slug}/#`;
    await eventually(() => bed.ingest.log.includes(subscription) || undefined);
    await run(kind, code);
    const stored = (): Promise<number> => bed.hospital.count('vitals', 'device_no = $1', [bed.device.no]);
    expect(await eventually(async () => (await stored()) || undefined)).toBe(1);
  });
});
