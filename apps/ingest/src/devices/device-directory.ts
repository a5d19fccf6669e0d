import { maxReadingAgeMs } from '@hms/contracts';
import type { LimitRow } from '../alarms/limits.js';
import type { Lane } from '../database/lane.js';
import type { Hospital } from '../hospitals/hospital.js';
import { type AssignmentRow, DeviceMap, type DeviceRow } from './device-map.js';

const oneDayMs = 24 * 3_600_000;

/** Reads the devices of a hospital when they are first needed and again after something about them changed. */
export class DeviceDirectory {
  readonly #loading = new Map<Hospital, Promise<DeviceMap>>();

  constructor(
    private readonly lane: Lane,
    private readonly epochs: { ask(): Promise<boolean> },
  ) {}

  /** At once when they are known, so that the usual reading waits for nothing. */
  devicesOf(hospital: Hospital): DeviceMap | Promise<DeviceMap> {
    return hospital.devices ?? this.reload(hospital);
  }

  /** As they are now: what looks unknown may have been registered a moment ago. */
  async devicesNow(hospital: Hospital): Promise<DeviceMap> {
    if (!(await this.epochs.ask())) throw new Error('the database was not heard');
    return this.devicesOf(hospital);
  }

  /** Reads them anew, whatever is known. */
  reload(hospital: Hospital): Promise<DeviceMap> {
    let loading = this.#loading.get(hospital);
    if (!loading) {
      loading = this.#load(hospital).finally(() => this.#loading.delete(hospital));
      this.#loading.set(hospital, loading);
    }
    return loading;
  }

  async #load(hospital: Hospital): Promise<DeviceMap> {
    const { id, schema } = hospital;
    // Before the rows: should they change in between, the map is newer than it says, never older.
    const [current] = await this.lane.query<{ epoch: string }>(
      (sql) => sql`select epoch::text from public.ingest_epoch where hospital_id = ${id}`,
    );
    const [devices, assignments, limits] = await Promise.all([
      this.lane.run<DeviceRow>(`select device_no, external_id, gateway_id, status from ${schema}.device`),
      this.lane.run<AssignmentRow>(assignmentsOf(schema)),
      this.lane.run<LimitRow>(`select id, vital, ward_id, patient_id, low, high from ${schema}.alarm_limit`),
    ]);
    const map = new DeviceMap(Number(current?.epoch ?? 0), devices, assignments, limits);
    hospital.replaceDevices(map);
    return map;
  }
}

/** All that a reading may still fall into. */
const assignmentsOf = (schema: string): string => `
  select d.device_no, a.patient_id, p.mrn, a.ward_id, ${microseconds('lower(a.valid)')} as from,
         case when isfinite(upper(a.valid)) then ${microseconds('upper(a.valid)')} end as until
    from ${schema}.device_assignment a
    join ${schema}.device d on d.id = a.device_id
    join ${schema}.patient p on p.id = a.patient_id
   where upper_inf(a.valid) or upper(a.valid) > now() - interval '${(maxReadingAgeMs + oneDayMs) / 1_000} seconds'`;

const microseconds = (time: string): string => `(extract(epoch from ${time}) * 1000000)::bigint::text`;
