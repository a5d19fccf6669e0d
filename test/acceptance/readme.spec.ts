import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { required } from './support/stack.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const lines = /<!-- these lines are run by .*?-->\n```sh\n(.*?)```/s.exec(readme)?.[1]?.trim().split('\n') ?? [];

describe('the lines of the README', () => {
  it('work as pasted', async () => {
    expect(lines).toHaveLength(6);
    const script = ['set -eu', ...lines.flatMap((line, i) => [line, `echo; echo "--- ${i}"`])].join('\n');
    const env = { ...process.env, HMS_DATA: required('HMS_DATA'), HMS_PORT: required('HMS_PORT') };
    const { stdout } = await promisify(execFile)('bash', ['-c', script], { cwd: root, env });
    const [, , patients, receipt, readings, ward] = stdout.split(/\n--- \d\n/).map((part) => part.trim());
    expect(JSON.parse(patients ?? '')).toMatchObject({ items: expect.any(Array) });
    expect(JSON.parse(receipt ?? '')).toMatchObject({ accepted: 1, rejectedTotal: 0 });
    expect(JSON.parse(readings ?? '')).toMatchObject({
      items: expect.arrayContaining([expect.objectContaining({ values: { heartRate: 72, spo2: 97 } })]),
    });
    expect(ward).toContain('HR');
  });
});
