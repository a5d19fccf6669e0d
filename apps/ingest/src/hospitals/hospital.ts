import { DeviceMap } from '../devices/device-map.js';
import { RowQuota } from './row-quota.js';

/** What ingest knows of one hospital. One object per hospital and process, so that what is cached can hold on to it. */
export class Hospital {
  readonly schema: string;
  readonly quota = new RowQuota();
  /** The latest `ingest_epoch` seen. What was read under an earlier one is no longer to be trusted. */
  #epoch = -1;
  #devices = new DeviceMap(-1, [], [], []);

  constructor(
    readonly id: string,
    readonly slug: string,
  ) {
    this.schema = `hospital_${slug}`;
    // It becomes part of statements, so it is held to the form migrations give it whatever the table says.
    if (!/^hospital_[a-z][a-z0-9_]{1,40}$/.test(this.schema))
      throw new Error(`hospital ${id} has no usable schema name`);
  }

  get epoch(): number {
    return this.#epoch;
  }

  observeEpoch(epoch: number): void {
    if (epoch > this.#epoch) this.#epoch = epoch;
  }

  /** The devices as of the latest epoch, or undefined while they have to be read. */
  get devices(): DeviceMap | undefined {
    return this.#devices.epoch >= this.#epoch && this.#epoch >= 0 ? this.#devices : undefined;
  }

  /** The devices as they were last read, which the database may have to contradict. */
  get latestDevices(): DeviceMap {
    return this.#devices;
  }

  replaceDevices(map: DeviceMap): void {
    this.#devices = map;
    this.observeEpoch(map.epoch);
  }
}
