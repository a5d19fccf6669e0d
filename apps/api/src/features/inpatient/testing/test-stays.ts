import type { Hospital } from '@hms/database';
import type { TestApi, TestCaller, TestResponse } from '../../../testing/test-api.js';
import { TestWards } from '../../../testing/test-ward.js';
import type { AdmissionDto } from '../admissions/admissions.dto.js';
import type { BedStateDto } from '../beds/beds.dto.js';
import type { DischargeDto } from '../discharges/discharges.dto.js';

export interface Refusal {
  readonly code: string;
  readonly freeBeds?: BedStateDto[];
  readonly openItems?: DischargeDto['openItems'];
}

/** Asks the application as a doctor of the whole hospital, or as whoever is named. */
export class TestStays {
  readonly wards: TestWards;

  constructor(
    private readonly api: TestApi,
    hospital: Hospital,
    private readonly doctor: TestCaller,
  ) {
    this.wards = new TestWards(hospital);
  }

  request<T>(
    method: string,
    url: string,
    payload?: object,
    { caller = this.doctor, version }: { caller?: TestCaller; version?: number } = {},
  ): Promise<TestResponse<T>> {
    const headers = version === undefined ? {} : { 'if-match': `"${String(version)}"` };
    return this.api.send<T>({ method, url: `/api/v1${url}`, headers, ...(payload ? { payload } : {}) }, caller);
  }

  /** What becomes of the admission. */
  act<T = AdmissionDto>(id: string, action: string, payload: object = {}, caller = this.doctor) {
    return this.request<T>('POST', `/admissions/${id}/${action}`, payload, { caller });
  }

  move<T = AdmissionDto>(
    { id, version }: { id: string; version: number },
    bedId: string,
    more: object = {},
    caller = this.doctor,
  ) {
    return this.request<T>(
      'PUT',
      `/admissions/${id}/bed`,
      { bedId, reason: 'Nearer to the desk', ...more },
      { caller, version },
    );
  }

  async bed(id: string): Promise<BedStateDto> {
    return (await this.request<BedStateDto>('GET', `/beds/${id}`)).body;
  }

  async admission(id: string): Promise<AdmissionDto> {
    return (await this.request<AdmissionDto>('GET', `/admissions/${id}`)).body;
  }

  /** A new patient who is wanted on the ward. */
  async requested(wardId: string, more: object = {}): Promise<AdmissionDto> {
    const patientId = await this.wards.patient();
    const asked = { patientId, wardId, source: 'emd', urgency: 'emergency', reason: 'Pneumonia', ...more };
    return (await this.request<AdmissionDto>('POST', '/admissions', asked)).body;
  }

  async accepted(wardId: string, more: object = {}): Promise<AdmissionDto> {
    const { id } = await this.requested(wardId, more);
    return (await this.act(id, 'accept')).body;
  }

  async admitted(wardId: string, bedId: string, more: object = {}): Promise<AdmissionDto> {
    const { id } = await this.accepted(wardId, more);
    return (await this.act(id, 'admit', { bedId })).body;
  }

  /** One that is open, of this patient. */
  raiseAlarm({ patientId, wardId }: Pick<AdmissionDto, 'patientId' | 'wardId'>) {
    return this.wards.query(
      `insert into {schema}.alarm (id, kind, rule, patient_id, ward_id, priority, state, started_at, last_seen_at, raised_at)
       values (gen_random_uuid(), 'limit', 'spo2-low', $1, $2, 'high', 'acknowledged', now(), now(), now())`,
      [patientId, wardId],
    );
  }

  async patientWard(patientId: string): Promise<string | null> {
    const sql = 'select ward_id from {schema}.patient where id = $1';
    return (await this.wards.query<{ ward_id: string | null }>(sql, [patientId]))[0]?.ward_id ?? null;
  }

  async encounter(id: string) {
    const sql = 'select status, disposition, ended_at from {schema}.encounter where id = $1';
    const [row] = await this.wards.query<{ status: string; disposition: string | null; ended_at: Date | null }>(sql, [
      id,
    ]);
    return row;
  }

  /** What was told of it, with the wards that heard. */
  async events(id: string): Promise<string[]> {
    const rows = await this.wards.query<{ type: string; ward: string }>(
      `select type, payload ->> 'wardId' as ward from public.outbox_event where payload ->> 'id' = $1 order by id`,
      [id],
    );
    return rows.map(({ type, ward }) => `${type} ${ward}`);
  }
}
