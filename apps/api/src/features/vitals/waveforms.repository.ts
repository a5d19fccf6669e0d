import { Injectable } from '@nestjs/common';
import { maxWaveformSeconds } from '@hms/contracts';
import { schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import type { Span } from './vitals.repository.js';

const { sql, empty } = TenantPrisma;

export interface ChunkRow {
  readonly device: string;
  readonly lead: string;
  readonly startedAt: Date;
  readonly hz: number;
  readonly scale: number;
  readonly origin: number;
  readonly samples: Uint8Array;
}

@Injectable()
export class WaveformsRepository {
  /**
   * What the patient's devices recorded while the patient wore them, by device, lead and time. A chunk that goes on after
   * the device was taken off may show another patient, and is left out.
   */
  chunks(tx: TenantTx, { patientId, from, to }: Span, lead: string | undefined): Promise<ChunkRow[]> {
    const schema = schemaSql(tx.hospital);
    const wanted = lead === undefined ? empty : sql`and w.lead = ${lead}`;
    return tx.$queryRaw<ChunkRow[]>`
      select d.external_id as device, w.lead, w.started_at as "startedAt", w.hz, w.scale, w.origin, w.samples
        from ${schema}.device_assignment a
        join ${schema}.device d on d.id = a.device_id
        join ${schema}.waveform w on w.device_no = d.device_no and w.started_at <@ a.valid
        cross join lateral (
          select w.started_at + (octet_length(w.samples) / 2.0 / w.hz) * interval '1 second' as at) ended
       where a.patient_id = ${patientId}::uuid and a.valid && tstzrange(${from}, ${to})
         and w.started_at > ${from}::timestamptz - ${maxWaveformSeconds}::int * interval '1 second'
         and w.started_at < ${to}
         and ended.at > ${from} and ended.at <= coalesce(upper(a.valid), 'infinity') ${wanted}
       order by d.external_id, w.lead, w.started_at`;
  }
}
