import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Logger } from '@hms/service-kit';
import type { MqttConfig } from '../../config.js';
import { ArrivalTimes, type ArrivalMemory } from './arrival-times.js';
import { MqttReceiver, type MqttReceiverParts } from './mqtt-receiver.js';
import { MqttSession } from './mqtt-session.js';
import { MqttSessions, type MqttSessionsParts } from './mqtt-sessions.js';
import { Room } from '../room.js';
import { commonSubscription, subscriptionOf } from './topic.js';

/** Of a hospital, and of all whose messages name none. */
const atOnce = 64;
const atOnceInCommon = 256;
/** Of one hospital among those. */
const atOnceEach = 64;
const maxMessageBytes = 256 * 1024;
/** A session's own is enough for all it has at a time, unless they are long ones. */
const roomSizes = { shared: 64 * 1024 * 1024, each: 1024 * 1024 };
const keysFile = z.record(z.string().regex(/^[a-z][a-z0-9_]{1,40}$/), z.string().startsWith('dk_'));

export interface MqttParts extends Omit<MqttReceiverParts, 'keys' | 'atOnce' | 'atOnceEach' | 'room' | 'arrivals'> {
  readonly hospitals: MqttSessionsParts['hospitals'];
  readonly memory: ArrivalMemory;
}

/**
 * Takes in what a broker has, from now on.
 * @returns how to stop: what was begun is finished and acknowledged, the broker keeps the rest
 * @throws for a file of keys that is none
 */
export function serveMqtt(config: MqttConfig, parts: MqttParts, logger: Logger): () => Promise<void> {
  const shared = { ...parts, keys: readKeys(config.keysFile) };
  const room = new Room(roomSizes);
  const open = (name: string, subscription: string, limits: { atOnce: number; atOnceEach: number }) => {
    // A short name holds no full stop and no hyphen.
    const clientId = `${config.clientId}.${name}`;
    const receiver = new MqttReceiver(
      { ...shared, ...limits, room: room.share(), arrivals: new ArrivalTimes(clientId, parts.memory, limits.atOnce) },
      logger,
    );
    const options = { ...config, clientId, subscription, receiveMaximum: limits.atOnce, maxMessageBytes };
    const session = new MqttSession(options, (delivery) => receiver.take(delivery), logger);
    session.start();
    return () => session.stop(receiver.stop());
  };
  const sessions = new MqttSessions({
    open: (slug) => open(slug, subscriptionOf(slug), { atOnce, atOnceEach: atOnce }),
    hospitals: parts.hospitals,
    logger,
  });
  const stopCommon = open('devices-me', commonSubscription, { atOnce: atOnceInCommon, atOnceEach });
  sessions.start();
  return async () => {
    await Promise.all([stopCommon(), sessions.stop()]);
  };
}

function readKeys(file: string | undefined): ReadonlyMap<string, string> {
  if (file === undefined) return new Map();
  const read = keysFile.safeParse(parseJson(readFileSync(file, 'utf8')));
  if (!read.success) throw new Error('MQTT_KEYS_FILE must hold gateway keys by the short names of their hospitals');
  return new Map(Object.entries(read.data));
}

/** The reason is not told: it would quote a key. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
