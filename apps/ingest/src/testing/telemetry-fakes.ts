import { type AssignmentRow, DeviceMap } from '../devices/device-map.js';
import type { LimitRow } from '../alarms/limits.js';
import { Hospital } from '../hospitals/hospital.js';
import { fields, noValues } from '../telemetry/fields.js';
import type { Delivery } from '../telemetry/mqtt/mqtt-connection.js';
import type { Reading } from '../telemetry/reading.js';
import { type BatchContent, Submission } from '../telemetry/submission.js';

export const gatewayId = '01900000-0000-7000-8000-0000000000aa';
export const patientOf = (device: number): string => `01900000-0000-7000-8000-${String(device).padStart(12, '0')}`;

/** A hospital with devices `mon-1`, `mon-2` …, each on a patient of its own in ward `ward-1` or `ward-2`; the last on nobody. */
export function hospitalWith(devices: number, epoch = 1, limits: readonly LimitRow[] = []): Hospital {
  const hospital = new Hospital('01900000-0000-7000-8000-0000000000ff', 'north');
  hospital.replaceDevices(deviceMap(devices, epoch, limits));
  return hospital;
}

export function deviceMap(count: number, epoch = 1, limits: readonly LimitRow[] = []): DeviceMap {
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  const rows = numbers.map((no) => ({
    device_no: no,
    external_id: `mon-${no}`,
    gateway_id: gatewayId,
    status: 'active',
  }));
  const assignments = numbers.slice(0, -1).map((no): AssignmentRow => ({
    device_no: no,
    patient_id: patientOf(no),
    mrn: `mrn-${no}`,
    ward_id: `ward-${1 + (no % 2)}`,
    from: '0',
    until: null,
  }));
  return new DeviceMap(epoch, rows, assignments, limits);
}

/** A message of QoS 1 on a connection that stays. */
export const deliveryOf = (change: Partial<Delivery> = {}): Delivery => ({
  topic: 'v1/devices/me/telemetry',
  payload: Buffer.from('{"hr":72}'),
  contentType: '',
  messageId: 1,
  isDuplicate: false,
  kept: true,
  property: () => '',
  open: () => true,
  acknowledge: () => undefined,
  giveBack: () => undefined,
  ...change,
});

export function readingOf(
  device: number,
  recordedAt: number,
  values: Readonly<Record<string, number>> = { heartRate: 70 },
): Reading {
  const all = noValues();
  for (const [i, { code }] of fields.entries()) all[i] = values[code] ?? NaN;
  return { index: 0, device: `mon-${device}`, recordedAt, values: all, flags: 0, clockOffsetMs: undefined };
}

export function submissionOf(
  hospital: Hospital,
  readings: readonly Reading[],
  submittedAt = 0,
  more: Partial<BatchContent> = {},
): Submission {
  const indexed = readings.map((reading, index) => ({ ...reading, index }));
  const content = { hospital, gatewayId, identity: undefined, lateBefore: -Infinity, readings: indexed, rejected: [] };
  return new Submission({ ...content, ...more }, hospital.latestDevices, submittedAt);
}
