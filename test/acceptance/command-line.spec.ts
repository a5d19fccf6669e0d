import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { hospitalB, required } from './support/stack.js';

const program = fileURLToPath(new URL('../../apps/cli/dist/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hms-cli-'));
const { slug } = hospitalB;
const ward = hospitalB.wards.find(({ id }) => hospitalB.devices.some((device) => device.wardId === id));

afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function hms(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

async function countVitals(): Promise<number> {
  const owner = new pg.Client({ connectionString: required('DATABASE_DIRECT_URL') });
  await owner.connect();
  const { rows } = await owner.query<{ n: number }>(`select count(*)::int as n from hospital_${slug}.vitals`);
  await owner.end();
  return rows[0]?.n ?? 0;
}

describe('hms simulate', () => {
  it('has stored as many readings as it was asked for when it ends', async () => {
    const before = await countVitals();
    const { code, out, err } = await hms('simulate', '--hospital', slug, '--rate', '200', '--count', '150');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('sent 150 · acked 150 · rejected 0');
    expect(await countVitals()).toBe(before + 150);
  });

  it('counts neither duplicates nor what it made wrong on purpose as lost', async () => {
    const faults = 'duplicates=0.2,malformed=0.2,late=0.1,skew=3';
    const ended = await hms('simulate', '--hospital', slug, '--rate', '200', '--count', '150', '--faults', faults);
    expect(ended).toMatchObject({ code: 0, err: '' });
    expect(ended.out).not.toContain('rejected 0');
    expect(ended.out).not.toContain('duplicates 0');
  });

  it('fails when its key is refused', async () => {
    const file = join(folder, 'demo.json');
    const key = `dk_${'a'.repeat(12)}_${'A'.repeat(43)}`;
    writeFileSync(file, readFileSync(required('HMS_DEMO_FILE'), 'utf8').replaceAll(hospitalB.gatewayKey, key));
    const { code, err } = await hms('simulate', '--demo', file, '--hospital', slug, '--quiet');
    expect(code).toBe(1);
    expect(err).toContain('401');
    expect(err).toContain('were lost');
  });
});

describe('hms watch', () => {
  it('shows the patients of a ward with their values, then ends', async () => {
    const { code, out } = await hms('watch', '--hospital', slug, '--ward', ward?.name ?? '', '--once');
    expect(code).toBe(0);
    const patient = hospitalB.devices.find((device) => device.wardId === ward?.id)?.patientId;
    const { mrn, name } = hospitalB.patients.find(({ id }) => id === patient) ?? { mrn: '', name: '' };
    const line = out.split('\n').find((text) => text.includes(mrn));
    expect(line).toContain(name);
    expect(line).toMatch(/\d+\/\d+/);
  });

  it('names the wards there are when it does not know the one asked for', async () => {
    const { code, err } = await hms('watch', '--hospital', slug, '--ward', 'Nowhere', '--once');
    expect(code).toBe(1);
    expect(err).toContain(ward?.name);
  });
});
