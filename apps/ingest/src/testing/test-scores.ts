import { uuidv7 } from 'uuidv7';
import { eventually } from './eventually.js';
import type { TestDevice, TestGateway, TestHospital } from './test-hospital.js';
import type { TestIngest } from './test-ingest.js';

export const well = { hr: 70, rr: 16, spo2: 97, sys: 120, dia: 70, temp: 36.8, acvpu: 'A', o2: false };
/** NEWS2 8 without a value beyond a limit. */
export const ill = { ...well, hr: 115, rr: 26, sys: 95, temp: 38.5 };

export interface ScoreRow {
  readonly profile: string;
  readonly total: number | null;
  readonly partial: number;
  readonly band: string;
  readonly missing: readonly string[];
  readonly inputs: Readonly<Record<string, number>>;
  readonly retrospective: boolean;
}

export interface AlarmRow {
  readonly rule: string;
  readonly priority: string;
  readonly state: string;
  readonly value: number;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** A grown-up patient at a monitor, and what became of their scores. */
export class TestScores {
  private constructor(
    private readonly hospital: TestHospital,
    private readonly gateway: TestGateway,
    readonly device: TestDevice,
  ) {}

  static async create(hospital: TestHospital, gateway: TestGateway): Promise<TestScores> {
    const [device] = (await hospital.addDevices(gateway, 1)) as [TestDevice];
    await hospital.rows(`update {schema}.patient set birth_date = '1960-01-01' where id = $1`, [device.patientId]);
    return new TestScores(hospital, gateway, device);
  }

  get patientId(): string {
    return this.device.patientId;
  }

  async send(to: TestIngest, ...readings: readonly (readonly [secondsAgo: number, values: object])[]): Promise<void> {
    const now = Date.now();
    await this.#post(
      to,
      readings.map(([ago, values]) => ({ t: now - ago * 1_000, ...values })),
    );
  }

  /** @param recordedAt milliseconds since 1970 */
  sendAt(to: TestIngest, recordedAt: number, values: object): Promise<void> {
    return this.#post(to, [{ t: recordedAt, ...values }]);
  }

  async #post(to: TestIngest, readings: readonly object[]): Promise<void> {
    const sent = readings.map((reading) => ({ d: this.device.name, ...reading }));
    const { status, body } = await to.post(this.gateway.key, { readings: sent });
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
  }

  async chart(code: string, value: number, secondsAgo = 0): Promise<void> {
    await this.hospital.rows(
      `insert into {schema}.charted_observation (id, patient_id, code, value, recorded_at, recorded_by)
       values ($1, $2, $3, $4, now() - $5::int * interval '1 second', $1)`,
      [uuidv7(), this.patientId, code, value, secondsAgo],
    );
  }

  scores(): Promise<ScoreRow[]> {
    return this.hospital.rows('select * from {schema}.score_result where patient_id = $1 order by computed_for', [
      this.patientId,
    ]);
  }

  /** Told or not, a raised one is `raised`. */
  alarms(): Promise<AlarmRow[]> {
    return this.hospital.rows(
      `select rule, priority, value, detail, case state when 'notified' then 'raised' else state end as state
         from {schema}.alarm where patient_id = $1 and kind = 'score' order by started_at`,
      [this.patientId],
    );
  }

  /** Waits until the newest score is like that. */
  async untilScore(like: Partial<ScoreRow>): Promise<ScoreRow> {
    return eventually(async () => {
      const last = (await this.scores()).at(-1);
      return last && Object.entries(like).every(([key, value]) => last[key as keyof ScoreRow] === value)
        ? last
        : undefined;
    });
  }

  /** Waits until so many alarms of the patient are open. */
  async untilOpen(count: number, withinMs = 10_000): Promise<void> {
    await eventually(
      async () => (await this.alarms()).filter(({ state }) => state !== 'resolved').length === count || undefined,
      withinMs,
    );
  }

  /** Waits until all that was stored so far was evaluated. */
  async untilEvaluated(withinMs = 10_000): Promise<void> {
    await eventually(
      async () => (await this.hospital.count('telemetry_flush', 'not evaluated')) === 0 || undefined,
      withinMs,
    );
  }
}
