/**
 * Time as a device knows it. A hybrid logical clock is 48 bits of milliseconds and a counter, `018f5e5c2a7b-0003`: it never
 * goes back, whatever happens to the clock of the device.
 */
const maxMs = 2 ** 48 - 1;
const maxCounter = 0xffff;
/** Beyond this a person is told that the clock is wrong. */
export const suspectMs = 10 * 60_000;
/** An answer that took longer says too little about the time. */
const slowMs = 30_000;

const write = (ms: number, counter: number): string =>
  `${ms.toString(16).padStart(12, '0')}-${counter.toString(16).padStart(4, '0')}`;

function read(hlc: string): { ms: number; counter: number } {
  const [ms = '0', counter = '0'] = hlc.split('-');
  return { ms: parseInt(ms, 16), counter: parseInt(counter, 16) };
}

const bounded = (ms: number): number => Math.min(Math.max(Math.trunc(ms), 0), maxMs);

export const startOfTime = write(0, 0);

/** The time of the next event after `last`. */
export function tick(last: string, nowMs: number): string {
  const { ms, counter } = read(last);
  const now = bounded(nowMs);
  if (now > ms) return write(now, 0);
  return counter < maxCounter ? write(ms, counter + 1) : write(Math.min(ms + 1, maxMs), 0);
}

/** The later of what was known and a time somebody else tells. */
export const witness = (last: string, theirMs: number): string =>
  bounded(theirMs) > read(last).ms ? write(bounded(theirMs), 0) : last;

/** What is to be added to the device's times, from one answer of the server; undefined when it tells too little. */
export function offsetBy(answer: {
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly serverTime: string;
}): number | undefined {
  const { sentAt, receivedAt, serverTime } = answer;
  const took = receivedAt - sentAt;
  const server = Date.parse(serverTime);
  if (Number.isNaN(server) || took < 0 || took > slowMs) return undefined;
  return Math.round(server - (sentAt + took / 2));
}
