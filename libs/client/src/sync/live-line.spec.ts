import { beforeEach, describe, expect, it } from '@jest/globals';
import type { WireListener } from '../environment.js';
import { liveClosing } from '../limits.js';
import { quiet, TestEnvironment } from '../testing/test-environment.js';
import { LiveLine } from './live-line.js';

interface Opened extends WireListener {
  readonly url: string;
  readonly sent: string[];
  isClosed: boolean;
}

let environment: TestEnvironment;
let wires: Opened[];
let news: number;
let tokens: boolean[];
let device: string | undefined;
let line: LiveLine;

beforeEach(() => {
  environment = new TestEnvironment();
  [wires, tokens, news, device] = [[], [], 0, 'd1'];
  const connect = (url: string, listener: WireListener) => {
    const opened: Opened = { ...listener, url, sent: [], isClosed: false };
    wires.push(opened);
    return { send: (text: string) => void opened.sent.push(text), close: () => void (opened.isClosed = true) };
  };
  const { later, random } = environment;
  line = new LiveLine({
    url: 'https://hms.example',
    token: (again) => Promise.resolve(tokens.push(again) ? 'token' : null),
    environment: { later, random, connect },
    device: () => Promise.resolve(device),
    onNews: () => news++,
  });
});

async function started(): Promise<Opened> {
  line.start();
  await quiet();
  wires[0]?.opened();
  return wires[0] as Opened;
}

describe('the line on which the server calls', () => {
  it('opens with who listens, and syncs a moment after the call, once for several', async () => {
    const wire = await started();
    expect(wire.url).toBe('wss://hms.example/sync/live');
    expect(wire.sent.map((text) => JSON.parse(text) as unknown)).toEqual([{ v: 1, token: 'token', device: 'd1' }]);
    wire.said('{"ready":true}');
    for (const p of [7, 8]) wire.said(JSON.stringify({ p, e: ['notes'] }));
    expect(news).toBe(0);
    await environment.pass(1_500);
    expect(news).toBe(1);
    wire.said('{"p":9,"e":["notes"]}');
    await environment.pass(1_500);
    expect(news).toBe(2);
  });

  it('opens again after it broke, later each time', async () => {
    environment.chance = 1;
    const wire = await started();
    wire.closed(1006);
    expect(environment.timers).toEqual([2_000]);
    await environment.pass(2_000);
    wires[1]?.closed(1006);
    expect(environment.timers).toEqual([4_000]);
    await environment.pass(4_000);
    wires[2]?.said('{"ready":true}');
    wires[2]?.closed(1001);
    expect(environment.timers).toEqual([2_000]);
  });

  it('asks for another token when the last one was none', async () => {
    (await started()).closed(liveClosing.unauthenticated);
    await environment.pass(2_000);
    expect(tokens).toEqual([false, true]);
  });

  it('syncs when the server says that the device has to first', async () => {
    (await started()).closed(liveClosing.syncFirst);
    expect(news).toBe(1);
  });

  it('waits for the device to have an id, and does not open what is not wanted any more', async () => {
    device = undefined;
    line.start();
    await quiet();
    expect(wires).toHaveLength(0);
    device = 'd2';
    await environment.pass(2_000);
    expect(wires).toHaveLength(1);
    line.stop();
    expect(wires[0]?.isClosed).toBe(true);
    wires[0]?.closed(1000);
    await environment.pass(600_000);
    expect(wires).toHaveLength(1);
  });

  it('takes what it cannot read for nothing', async () => {
    const wire = await started();
    for (const text of ['', 'null', '<html>']) wire.said(text);
    await environment.pass(1_500);
    expect(news).toBe(0);
  });
});
