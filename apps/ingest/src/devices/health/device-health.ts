import type { RejectCode, RejectedReading } from '@hms/contracts';
import { refusedDevice, type ResolvedReading } from '../../telemetry/reading.js';
import type { Device } from '../device-map.js';

/** How one device fared since it was written last. */
export interface DeviceTally {
  /** When a reading was stored last, milliseconds; undefined when none was. */
  seenAt: number | undefined;
  clockOffsetMs: number | undefined;
  accepted: number;
  rejected: number;
  lastReject: RejectCode | undefined;
}

/** How the devices of a hospital fare, by their numbers. */
export class DeviceHealth {
  readonly byDevice = new Map<number, DeviceTally>();

  get isEmpty(): boolean {
    return this.byDevice.size === 0;
  }

  /** @param rows what is stored now; neighbours are mostly of one device */
  stored(rows: readonly ResolvedReading[], now: number): void {
    let device: Device | undefined;
    let tally = emptyTally();
    for (const row of rows) {
      if (row.device !== device) {
        device = row.device;
        tally = this.#of(device.no);
        tally.seenAt = now;
        tally.clockOffsetMs = row.reading.clockOffsetMs ?? tally.clockOffsetMs;
      }
      tally.accepted++;
    }
  }

  /** @param find the sender's own device of that name */
  refused(refusals: readonly RejectedReading[], find: (name: string) => Device | undefined): void {
    for (const refused of refusals) {
      const name = refusedDevice(refused);
      const device = name === undefined ? undefined : find(name);
      if (!device) continue;
      const tally = this.#of(device.no);
      tally.rejected++;
      tally.lastReject = refused.code;
    }
  }

  /** Adds what came before. */
  merge(before: DeviceHealth): void {
    for (const [no, old] of before.byDevice) {
      const tally = this.#of(no);
      tally.seenAt ??= old.seenAt;
      tally.clockOffsetMs ??= old.clockOffsetMs;
      tally.accepted += old.accepted;
      tally.rejected += old.rejected;
      tally.lastReject ??= old.lastReject;
    }
  }

  #of(no: number): DeviceTally {
    let tally = this.byDevice.get(no);
    if (!tally) this.byDevice.set(no, (tally = emptyTally()));
    return tally;
  }
}

const emptyTally = (): DeviceTally => ({
  seenAt: undefined,
  clockOffsetMs: undefined,
  accepted: 0,
  rejected: 0,
  lastReject: undefined,
});
