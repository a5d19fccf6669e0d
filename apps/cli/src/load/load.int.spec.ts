import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { runHms, startHms } from '../testing/run-hms.js';
import { TestDemo } from '../testing/test-demo.js';
import { formats } from './readings.js';
import type { Step } from './step.js';

let demo: TestDemo;
let server: Server | undefined;

beforeAll(async () => {
  demo = await TestDemo.create();
});

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

afterAll(() => demo.drop());

const report = async (file: string): Promise<{ steps: Step[]; knee?: object }> =>
  JSON.parse(await readFile(join(demo.folder, file), 'utf8')) as { steps: Step[]; knee?: object };

const load = (...args: string[]): ReturnType<typeof startHms> =>
  startHms('load', '--demo', demo.file, '--json', join(demo.folder, 'report.json'), ...args);

const receipt = JSON.stringify({ accepted: 1, duplicates: 0, rejected: [], rejectedTotal: 0 });

async function serve(answer: (n: number) => number | undefined): Promise<string> {
  let requests = 0;
  server = createServer((request, response) => {
    request.resume().on('end', () => {
      const status = answer(requests++);
      if (status === undefined) request.socket.destroy();
      else Object.assign(response, { statusCode: status }).end(status === 200 ? receipt : '{}');
    });
  });
  await new Promise((listening) => server?.listen(0, '127.0.0.1', () => listening(undefined)));
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

describe('hms load', () => {
  it.each(formats)('sends %s at the rate asked for, and what it calls acked is stored', async (format) => {
    const before = await demo.count('vitals');
    const { code, err } = await load('--format', format, '--rate', '600', '--batch', '20', '--duration', '0.5').ended;
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const [step] = (await report('report.json')).steps;
    expect(step).toMatchObject({ requests: 15, sent: 300, accepted: 300, rejected: 0, unknown: 0, skipped: 0 });
    expect((await demo.count('vitals')) - before).toBe(300);
  });

  it('ends with 3 when the answers take longer than they may', async () => {
    const { code } = await load('--rate', '200', '--duration', '0.5', '--slo-p99', '0.001').ended;
    expect(code).toBe(3);
  });

  it('finds the knee, and says how it is at half and at four fifths of it', async () => {
    let inWindow = 0;
    let window = 0;
    const url = await serve(() => {
      const now = Math.floor(performance.now() / 100);
      inWindow = now === window ? inWindow + 1 : 1;
      window = now;
      return inWindow > 100 ? 503 : 200;
    });
    const args = ['--url', url, '--find-knee', '--rate', '500', '--batch', '1', '--duration', '0.3'];
    const { out } = await load(...args).ended;
    expect(out).toMatch(/The knee is at [\d,]+ readings a second/);
    expect((await report('report.json')).knee).toHaveProperty('atFourFifths.latency.p99');
  });

  it('counts what is shed and what gets no answer, and sends none of it again', async () => {
    const url = await serve((n) => [503, 429, undefined][n % 3]);
    const { out } = await load('--url', url, '--rate', '90', '--batch', '10', '--duration', '1').ended;
    const [step] = (await report('report.json')).steps;
    expect(step).toMatchObject({ requests: 9, accepted: 0, unknown: 30, latency: { p50: null } });
    expect(step?.answers).toMatchObject({ 429: 3, 503: 3 });
    expect(out).toContain('3 × 503');
  });

  it('says what it measured when it is interrupted', async () => {
    const url = await serve(() => 503);
    const running = load('--url', url, '--rate', '1000', '--batch', '10', '--duration', '60');
    await new Promise<void>((arrived) => server?.once('request', () => arrived()));
    running.kill('SIGINT');
    const { code, out } = await running.ended;
    expect(code).toBe(0);
    expect(out).toMatch(/readings in \d+ requests? over/);
  });

  it('does not start without devices to load with', async () => {
    expect(await runHms('load', '--demo', join(demo.folder, 'none.json'))).toMatchObject({ code: 1 });
  });
});
