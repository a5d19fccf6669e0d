import { Inject, Injectable } from '@nestjs/common';
import { HospitalDatabase, type HospitalRef } from '@hms/database';
import { Gauge, type Registry } from '@hms/service-kit';
import { z } from 'zod';
import { Outbox } from '../../platform/events/outbox.service.js';
import type { Job } from '../../platform/jobs/job.js';
import { metricsRegistry } from '../../platform/observability/observability.tokens.js';
import { EachHospital } from '../../platform/tenancy/each-hospital.service.js';
import { type SilenceAlarm, SilentDevicesRepository, silenceToTell } from './silent-devices.repository.js';

/** Wards beyond so many are counted together: labels must not grow with the number of hospitals. */
const wardsShown = 200;

/** Raises a technical alarm for each device in use that fell silent, and ends it when it is heard of again. */
@Injectable()
export class SilentDevicesJob implements Job {
  readonly name = 'silent-devices';
  readonly data = z.object({});
  readonly attempts = 1;
  readonly backoffMs = 10_000;
  readonly schedule = { everyMs: 10_000, data: {} };
  readonly #silent: Gauge<'hospital' | 'ward'>;

  constructor(
    private readonly database: HospitalDatabase,
    private readonly devices: SilentDevicesRepository,
    private readonly outbox: Outbox,
    private readonly eachHospital: EachHospital,
    @Inject(metricsRegistry) registry: Registry,
  ) {
    this.#silent = new Gauge({
      name: 'device_silent',
      help: 'Devices in use that send nothing, where there are any',
      labelNames: ['hospital', 'ward'],
      registers: [registry],
    });
  }

  async run(): Promise<void> {
    const counts: { hospital: string; ward: string; devices: number }[] = [];
    await this.eachHospital
      .runWhere(silenceToTell, 'watching for silent devices', async (hospital) => {
        for (const count of await this.#watch(hospital)) counts.push({ hospital: hospital.slug, ...count });
      })
      .finally(() => this.#show(counts));
  }

  async #watch(hospital: HospitalRef): Promise<readonly { ward: string; devices: number }[]> {
    return this.database.inHospital(hospital, async (tx) => {
      const tell = async (type: 'alarm.raised' | 'alarm.resolved', alarms: readonly SilenceAlarm[]): Promise<void> => {
        for (const payload of alarms) {
          await this.outbox.add(tx, { type, payload, hospitalId: hospital.id, actorId: null });
        }
      };
      await tell('alarm.resolved', await this.devices.resolve(tx));
      await tell('alarm.raised', await this.devices.raise(tx));
      return this.devices.count(tx);
    });
  }

  #show(counts: readonly { hospital: string; ward: string; devices: number }[]): void {
    this.#silent.reset();
    for (const [i, { hospital, ward, devices }] of counts.toSorted((a, b) => b.devices - a.devices).entries()) {
      const labels = i < wardsShown ? { hospital, ward } : { hospital: 'others', ward: 'others' };
      this.#silent.inc(labels, devices);
    }
  }
}
