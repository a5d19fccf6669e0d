import { bodyText } from '../formats/body-text.js';
import { decodeJson } from '../formats/json.js';
import { decodeSenml } from '../formats/senml.js';
import { decodeThingsboard } from '../formats/thingsboard.js';
import { reject } from '../reading.js';
import type { TelemetryBatch } from '../telemetry-batch.js';
import type { Delivery } from './mqtt-connection.js';
import type { Topic } from './topic.js';

/** Reads a message as its topic has it. @param at milliseconds since 1970 @throws AppError when it is no batch */
export function decodeMessage(topic: Topic, delivery: Delivery, at: number): TelemetryBatch {
  const text = bodyText(delivery.payload);
  if (topic.form === 'thingsboard') {
    return decodeThingsboard(text, { at, idempotencyKey: '', device: delivery.property('device') });
  }
  const senml = delivery.contentType === 'application/senml+json' || text.trimStart().startsWith('[');
  const batch = (senml ? decodeSenml : decodeJson)(text, { at, idempotencyKey: '', device: topic.device });
  return onlyOf(topic.device, batch);
}

/** Brokers decide by the topic who may publish, so no other device may come in by it. */
function onlyOf(device: string, batch: TelemetryBatch): TelemetryBatch {
  const foreign = batch.readings.filter((reading) => reading.device !== device);
  if (foreign.length === 0) return batch;
  return {
    ...batch,
    readings: batch.readings.filter((reading) => reading.device === device),
    rejected: [...batch.rejected, ...foreign.map(({ index }) => reject(index, 'foreign_device', 'd'))],
  };
}
