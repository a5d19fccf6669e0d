import type { TestApi, TestCaller, TestResponse } from '../../../testing/test-api.js';
import type { AppointmentDto } from '../appointments.dto.js';
import type { TestClinic } from './test-clinic.js';

export interface Refusal {
  readonly code: string;
  readonly alternatives?: { readonly start: string; readonly free: boolean }[];
  readonly errors?: { readonly field: string }[];
}

const half = 30 * 60_000;

/** A half hour some days ahead. */
export const at = (n: number): string =>
  new Date(Math.ceil((Date.now() + 3 * 86_400_000) / half) * half + n * half).toISOString();

/** Asks the application as a receptionist, or as whoever is named. */
export class FrontDesk {
  constructor(
    private readonly api: TestApi,
    private readonly clinic: TestClinic,
    private readonly receptionist: TestCaller,
  ) {}

  request<T>(
    method: string,
    url: string,
    payload?: object,
    { caller = this.receptionist, headers = {} }: { caller?: TestCaller; headers?: Record<string, string> } = {},
  ): Promise<TestResponse<T>> {
    return this.api.send<T>({ method, url: `/api/v1${url}`, headers, ...(payload ? { payload } : {}) }, caller);
  }

  book<T = AppointmentDto>(body: object, caller = this.receptionist): Promise<TestResponse<T>> {
    return this.request<T>('POST', '/appointments', body, { caller });
  }

  setStatus<T = AppointmentDto>(id: string, body: object, caller = this.receptionist): Promise<TestResponse<T>> {
    return this.request<T>('PATCH', `/appointments/${id}/status`, body, { caller });
  }

  change<T = AppointmentDto>(id: string, body: object, headers = {}): Promise<TestResponse<T>> {
    return this.request<T>('PUT', `/appointments/${id}`, body, { headers });
  }

  /** An appointment of a new patient at a clinic of its own, and what to book to have the same. */
  async booked(more: object = {}): Promise<AppointmentDto & { readonly what: object }> {
    const { what } = await this.clinic.clinic();
    const { body } = await this.book({ patientId: await this.clinic.patient(), ...what, start: at(0), ...more });
    return { ...body, what };
  }

  /** What was told of it, with its version. */
  async events(id: string): Promise<string[]> {
    const rows = await this.clinic.query<{ event: string }>(
      `select type || ' ' || (payload ->> 'version') as event from public.outbox_event
        where payload ->> 'id' = $1 and type like 'appointment.%' order by id`,
      [id],
    );
    return rows.map(({ event }) => event);
  }
}
