import {
  vitalFromNumber,
  vitalsChannel,
  vitalSigns,
  type VitalsUpdate,
  type VitalValue,
  type WardVitals,
} from '@hms/contracts';
import type { Hospital } from '../../hospitals/hospital.js';
import type { ResolvedReading } from '../reading.js';
import { lateAfterMs } from '../late.js';
import { NewestValues, type PatientValues } from './newest-values.js';

export interface Publisher {
  publish(channel: string, message: string): Promise<unknown>;
}

/**
 * Tells who watches a ward what was just committed: one message per ward and flush, with the newest values of each
 * patient. Delivery is not promised; who missed a message reads the table from the position on.
 */
export class WardPublisher {
  constructor(
    private readonly redis: Publisher,
    private readonly onLost: (err: unknown) => void,
    private readonly now: () => number = Date.now,
  ) {}

  publish(hospital: Hospital, rows: readonly ResolvedReading[], position: number): void {
    const live = (this.now() - lateAfterMs) * 1_000;
    const newest = new NewestValues();
    newest.add(rows.filter((row) => row.reading.recordedAt >= live));
    const channel = vitalsChannel(hospital.id);
    for (const [wardId, updates] of byWard(newest, String(position))) {
      const message: WardVitals = { wardId, updates };
      this.redis.publish(channel, JSON.stringify(message)).catch(this.onLost);
    }
  }
}

function byWard(newest: NewestValues, position: string): Map<string, VitalsUpdate[]> {
  const wards = new Map<string, VitalsUpdate[]>();
  for (const patient of newest.byPatient.values()) {
    const { wardId } = patient.assignment;
    const updates = wards.get(wardId);
    if (updates) updates.push(toUpdate(patient, position));
    else wards.set(wardId, [toUpdate(patient, position)]);
  }
  return wards;
}

function toUpdate({ assignment, recordedAt, values }: PatientValues, position: string): VitalsUpdate {
  const named: Record<string, VitalValue> = {};
  for (const [i, { code }] of vitalSigns.entries()) {
    const value = values[i] ?? NaN;
    if (!Number.isNaN(value)) named[code] = vitalFromNumber(code, value);
  }
  return {
    patientId: assignment.patientId,
    recordedAt: new Date(recordedAt / 1_000).toISOString(),
    values: named,
    position,
  };
}
