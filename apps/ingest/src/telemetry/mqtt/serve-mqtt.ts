import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Logger } from '@hms/service-kit';
import type { MqttConfig } from '../../config.js';
import { MqttReceiver, type MqttReceiverParts } from './mqtt-receiver.js';
import { MqttSession } from './mqtt-session.js';
import { subscription } from './topic.js';

/** Together they are no more than what may be on its way at all. */
const atOnce = 256;
const maxMessageBytes = 256 * 1024;
const keysFile = z.record(z.string().regex(/^[a-z][a-z0-9_]{1,40}$/), z.string().startsWith('dk_'));

/**
 * Takes in what a broker has, from now on.
 * @returns how to stop: what was begun is finished and acknowledged, the broker keeps the rest
 * @throws for a file of keys that is none
 */
export function serveMqtt(
  config: MqttConfig,
  parts: Omit<MqttReceiverParts, 'keys' | 'atOnce'>,
  logger: Logger,
): () => Promise<void> {
  const receiver = new MqttReceiver({ ...parts, atOnce, keys: readKeys(config.keysFile) }, logger);
  const options = { ...config, subscription, receiveMaximum: atOnce, maxMessageBytes };
  const session = new MqttSession(options, (delivery) => receiver.take(delivery), logger);
  session.start();
  return () => session.stop(receiver.stop());
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
