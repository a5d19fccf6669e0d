import { describe, expect, it } from '@jest/globals';
import { commonError } from '@hms/contracts';
import { createLogger } from '@hms/service-kit';
import { deliveryOf } from '../../testing/telemetry-fakes.js';
import { MqttReceiver, type MqttOutcome } from './mqtt-receiver.js';
import { Room } from './room.js';

const refuse = (): never => {
  throw commonError('service.unavailable');
};

/** A receiver whose messages never can be stored now. */
function blocked(bytes: number) {
  const counted: MqttOutcome[] = [];
  const receiver = new MqttReceiver(
    {
      authenticate: refuse,
      receive: refuse,
      keep: refuse,
      gate: { enter: () => undefined, leave: () => undefined },
      metrics: { answered: () => undefined, clockOffset: () => undefined },
      keys: new Map(),
      arrivals: { of: (_, now) => Promise.resolve(now) },
      ...{ atOnce: 10, atOnceEach: 10, room: new Room(bytes), now: Date.now },
      count: (outcome) => void counted.push(outcome),
      retried: () => undefined,
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
