import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestIngest } from '../testing/test-ingest.js';

let ingest: TestIngest;
beforeAll(async () => {
  ingest = await TestIngest.start();
});
afterAll(() => ingest.stop());

describe('the dashboard and the alert rules', () => {
  it.each(['grafana-telemetry.json', 'telemetry-alerts.yml'])(
    '%s asks for no metric that ingest does not have',
    async (file) => {
      const text = await readFile(new URL(`../../../../deploy/monitoring/${file}`, import.meta.url), 'utf8');
      const asked = new Set([...text.matchAll(/\bingest_\w+/g)].map(([name]) => name.replace(/_bucket$/, '')));
      const exposed = await (await fetch(`${ingest.url}/metrics`)).text();
      const known = new Set([...exposed.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
      expect(asked.size).toBeGreaterThan(3);
      expect([...asked].filter((name) => !known.has(name))).toEqual([]);
    },
  );
});
