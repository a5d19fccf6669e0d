import type { Caller } from '../../gateways/caller.js';
import type { DeadLetter } from '../store/dead-letters.js';
import { decodeMessage } from './decode-message.js';
import type { Delivery } from './mqtt-connection.js';
import { parseTopic } from './topic.js';

const longestDevice = 64;

/** The message as it came. @param at milliseconds since 1970 */
export function letterOf({ gatewayId }: Caller, delivery: Delivery, at: number, reason: string): DeadLetter {
  const topic = parseTopic(delivery.topic);
  const device = topic?.form === 'vitals' ? topic.device : delivery.property('device').slice(0, longestDevice);
  return { gatewayId, device, at: at * 1_000, reason, message: delivery.payload.toString() };
}

/** Its readings, which can be replayed; as it came when it cannot be read, or not all of it. */
export function readingLettersOf(caller: Caller, delivery: Delivery, at: number, reason: string): DeadLetter[] {
  const whole = letterOf(caller, delivery, at, reason);
  const topic = parseTopic(delivery.topic);
  if (!topic) return [whole];
  try {
    const { readings, rejected } = decodeMessage(topic, delivery, at);
    const read = readings.map((reading) => ({ gatewayId: caller.gatewayId, reading, reason }));
    return rejected.length > 0 ? [...read, whole] : read;
  } catch {
    return [whole];
  }
}
