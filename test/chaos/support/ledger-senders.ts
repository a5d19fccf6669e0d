import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import type { DemoHospital } from '../../acceptance/support/stack.js';

const batchSize = 20;
const criticalEvery = 10;
/** Below every limit of the demo, children's too, and raised at once. */
const criticalSystolic = 45;
const again = [429, 502, 503, 504];

interface Acked {
  readonly device: string;
  readonly patientId: string;
  /** Milliseconds since 1970. */
  readonly recordedAt: number;
  readonly critical: boolean;
}

interface Receipt {
  readonly accepted: number;
  readonly duplicates: number;
}

/** Gateways of one hospital's monitors that send a batch until it is answered, and remember what was acknowledged. */
export class LedgerSenders {
  readonly acked: Acked[] = [];
  #working = true;
  readonly #work: Promise<void>[];

  /** @param insists whether a batch that got no answer is sent again; else it is forgotten */
  constructor(
    private readonly baseUrl: string,
    private readonly hospital: DemoHospital,
    private readonly insists: boolean,
  ) {
    this.#work = hospital.devices.map((device) => this.#send(device));
  }

  /** Ends when the last batch of each was answered or forgotten. */
  async stop(): Promise<void> {
    this.#working = false;
    await Promise.all(this.#work);
  }

  /** Acknowledged readings that are not in the table. */
  async lost(owner: pg.Client): Promise<number> {
    const schema = `hospital_${this.hospital.slug}`;
    const { rows } = await owner.query<{ lost: number }>(
      `select count(*)::int as lost
         from unnest($1::text[], $2::bigint[]) as acked (device, ms)
         join ${schema}.device d on d.external_id = acked.device
        where not exists (select from ${schema}.vitals v where v.device_no = d.device_no
                and v.recorded_at = timestamptz 'epoch' + acked.ms * interval '1 millisecond')`,
      [this.acked.map(({ device }) => device), this.acked.map(({ recordedAt }) => recordedAt)],
    );
    return rows[0]?.lost ?? NaN;
  }

  /** Readings of these devices that are stored more than once, for whomever. */
  async doubled(owner: pg.Client): Promise<number> {
    const schema = `hospital_${this.hospital.slug}`;
    const { rows } = await owner.query<{ doubled: number }>(
      `select count(*)::int as doubled from (
         select from (select device_no, recorded_at from ${schema}.vitals where flush_no > 1
                      union all select device_no, recorded_at from ${schema}.vitals_unassigned) stored
           join ${schema}.device d using (device_no)
          where d.external_id = any($1) group by device_no, recorded_at having count(*) > 1) as twice`,
      [this.hospital.devices.map(({ id }) => id)],
    );
    return rows[0]?.doubled ?? NaN;
  }

  /** Acknowledged critical readings at whose time no alarm of their patient was on. */
  async unalarmed(owner: pg.Client): Promise<number> {
    const schema = `hospital_${this.hospital.slug}`;
    const critical = this.acked.filter((reading) => reading.critical);
    const { rows } = await owner.query<{ unalarmed: number }>(
      `select count(*)::int as unalarmed
         from unnest($1::uuid[], $2::bigint[]) as acked (patient_id, ms),
              lateral (select timestamptz 'epoch' + acked.ms * interval '1 millisecond' as at) reading
        where not exists (select from ${schema}.alarm a where a.patient_id = acked.patient_id
                and a.rule = 'systolic-low' and a.raised_at is not null
                and a.started_at <= reading.at and coalesce(a.ended_at, 'infinity') >= reading.at)`,
      [critical.map(({ patientId }) => patientId), critical.map(({ recordedAt }) => recordedAt)],
    );
    return rows[0]?.unalarmed ?? NaN;
  }

  async #send({ id: device, patientId }: { readonly id: string; readonly patientId: string }): Promise<void> {
    let recordedAt = 0;
    for (let n = 1; this.#working; n++) {
      recordedAt = Math.max(recordedAt + 1, Date.now() - batchSize);
      const critical = n % criticalEvery === 0;
      const values = critical ? { hr: 72, sys: criticalSystolic, dia: 30 } : { hr: 72, sys: 118, dia: 76 };
      const first = recordedAt;
      const readings = Array.from({ length: batchSize }, (_, i) => ({ d: device, t: first + i, ...values }));
      recordedAt = first + batchSize;
      const receipt = await this.#post(JSON.stringify({ batch: randomUUID(), readings }));
      if (!receipt) continue;
      if (receipt.accepted + receipt.duplicates !== batchSize)
        throw new Error(`a batch lost: ${JSON.stringify(receipt)}`);
      this.acked.push(...readings.map(({ t }) => ({ device, patientId, recordedAt: t, critical })));
    }
  }

  async #post(body: string): Promise<Receipt | undefined> {
    const headers = { authorization: `Bearer ${this.hospital.gatewayKey}`, 'content-type': 'application/json' };
    const insistUntil = Date.now() + 120_000;
    do {
      const answer = await fetch(`${this.baseUrl}/telemetry`, { method: 'POST', headers, body }).catch(() => undefined);
      // The answer may be cut off within its body too.
      const receipt = answer?.ok ? ((await answer.json().catch(() => undefined)) as Receipt | undefined) : undefined;
      if (receipt) return receipt;
      if (answer && !answer.ok && !again.includes(answer.status)) {
        throw new Error(`refused with ${answer.status}: ${await answer.text()}`);
      }
      await pause(20);
    } while (this.insists && Date.now() < insistUntil);
    if (this.insists) throw new Error('no answer for two minutes');
    return undefined;
  }
}
