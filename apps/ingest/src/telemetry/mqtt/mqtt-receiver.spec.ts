import { describe, expect, it } from '@jest/globals';
import { commonError } from '@hms/contracts';
import { createLogger } from '@hms/service-kit';
import { HospitalSuspended } from '../../gateways/hospital-suspended.js';
import { deliveryOf, gatewayId, hospitalWith } from '../../testing/telemetry-fakes.js';
import { DeadLettersFull } from '../store/dead-letter-box.js';
import { MqttReceiver, type MqttOutcome, type MqttReceiverParts } from './mqtt-receiver.js';
import { Room } from '../room.js';

const refuse = (): never => {
  throw commonError('service.unavailable');
};

/** A receiver whose messages never can be stored now. */
function blocked(bytes: number, parts: Partial<MqttReceiverParts> = {}) {
  const counted: MqttOutcome[] = [];
  const receiver = new MqttReceiver(
    {
      authenticate: refuse,
      receive: refuse,
      keep: refuse,
      gate: { enter: () => undefined, leave: () => undefined },
      keys: new Map(),
      arrivals: { of: (_, now) => Promise.resolve(now), settled: () => undefined },
      ...{ atOnce: 10, atOnceEach: 10, room: new Room({ shared: bytes, each: 0 }).share(), now: Date.now },
      count: (outcome) => void counted.push(outcome),
      retried: () => undefined,
      ...parts,
    },
    createLogger('test', 'silent'),
  );
  return { receiver, counted };
}

describe('a message there is no room for', () => {
  it('goes back to a broker that keeps it, and is dropped otherwise', async () => {
    const payload = Buffer.alloc(60);
    const { receiver, counted } = blocked(100);
    const given: string[] = [];
    const message = (name: string, kept: boolean) =>
      deliveryOf({ payload, kept, giveBack: () => void given.push(name) });
    for (const name of ['first', 'second']) receiver.take(message(name, true));
    receiver.take(message('third', false));
    expect([given, counted]).toEqual([['second'], ['dropped']]);
    await receiver.stop();
    receiver.take(message('fourth', true));
    expect(given).toEqual(['second']);
    await receiver.stop();
  });
});

describe('a message its hospital has no room for among its dead letters', () => {
  it('waits, but not so many of them that others cannot come', async () => {
    const acknowledged: string[] = [];
    const retried: number[] = [];
    const key = { keyId: gatewayId, hospitalActive: true, isCritical: false, expiresAt: Infinity, epoch: 1 };
    const caller = { ...key, gatewayId, hospital: hospitalWith(1) };
    const { receiver, counted } = blocked(10_000, {
      authenticate: () => Promise.resolve(caller),
      keep: () => Promise.reject(new DeadLettersFull()),
      atOnceEach: 1,
      retried: () => void retried.push(1),
    });
    const unreadable = (name: string) =>
      deliveryOf({ payload: Buffer.from('{'), acknowledge: () => void acknowledged.push(name) });
    for (const name of ['first', 'second']) receiver.take(unreadable(name));
    await receiver.stop();
    expect([acknowledged, counted, retried]).toEqual([['second'], ['lost'], [1]]);
  });
});

describe('a message of a suspended hospital', () => {
  const suspended = hospitalWith(1);
  const parts = { authenticate: () => Promise.reject(new HospitalSuspended(suspended)), atOnceEach: 2 };

  it('waits, but not so many of them that others cannot come', async () => {
    const acknowledged: string[] = [];
    const { receiver, counted } = blocked(10_000, parts);
    for (const name of ['first', 'second', 'third'])
      receiver.take(deliveryOf({ acknowledge: () => void acknowledged.push(name) }));
    await receiver.stop();
    expect([acknowledged, counted]).toEqual([['third'], ['lost']]);
  });

  it('does not hold up the session of another', async () => {
    const { receiver, counted } = blocked(10_000, parts);
    receiver.take(deliveryOf({ topic: 'v1/south/mon-1/vitals' }));
    receiver.take(deliveryOf({ topic: `v1/${suspended.slug}/mon-1/vitals` }));
    await receiver.stop();
    expect(counted).toEqual(['unknown']);
  });
});
