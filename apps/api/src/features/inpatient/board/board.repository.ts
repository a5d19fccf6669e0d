import { Injectable } from '@nestjs/common';
import type { AdmissionState, BedStatus } from '@hms/contracts';
import { schemaSql, type TenantTx } from '@hms/database';

export interface BoardRow {
  readonly bedId: string;
  readonly label: string;
  readonly roomName: string | null;
  readonly class: string;
  readonly status: BedStatus;
  readonly blockedReason: string | null;
  readonly admissionId: string | null;
  readonly patientId: string | null;
  readonly mrn: string | null;
  readonly name: string | null;
  readonly state: AdmissionState | null;
  readonly since: Date | null;
  readonly expectedDischarge: string | null;
  readonly attendingId: string | null;
  readonly transferToWardId: string | null;
  readonly openAlarms: number;
  readonly news2: number | null;
  readonly news2At: Date | null;
}

export interface AwaitedRow {
  readonly admissionId: string;
  readonly patientId: string;
  readonly mrn: string;
  readonly name: string;
  readonly state: AdmissionState;
  readonly urgency: string;
  readonly bedClass: string | null;
  readonly fromWardId: string | null;
}

@Injectable()
export class BoardRepository {
  /** The ward's beds in use, by label. */
  beds(tx: TenantTx, wardId: string): Promise<BoardRow[]> {
    const schema = schemaSql(tx.hospital);
    return tx.$queryRaw<BoardRow[]>`
      select b.id as "bedId", b.label, r.name as "roomName", b.class, b.status, b.blocked_reason as "blockedReason",
             a.id as "admissionId", a.patient_id as "patientId", p.mrn, p.given_name || ' ' || p.family_name as name, a.state,
             lower(s.during) as since, to_char(a.expected_discharge, 'YYYY-MM-DD') as "expectedDischarge",
             a.attending_id as "attendingId", t.to_ward_id as "transferToWardId",
             (select count(*)::int from ${schema}.alarm l
               where l.patient_id = a.patient_id and l.state not in ('pending', 'resolved')) as "openAlarms",
             n.total as news2, n.computed_for as "news2At"
        from ${schema}.bed b
        left join ${schema}.room r on r.id = b.room_id
        left join ${schema}.bed_assignment s on s.bed_id = b.id and upper_inf(s.during)
        left join ${schema}.admission a on a.encounter_id = s.encounter_id or a.id = b.reserved_for
        left join ${schema}.patient p on p.id = a.patient_id
        left join ${schema}.transfer_request t on t.admission_id = a.id and t.status = 'requested'
        left join lateral (
          select n.total, n.computed_for from ${schema}.score_result n
           where n.patient_id = a.patient_id and n.profile = 'news2' order by n.computed_for desc limit 1) n on true
       where b.ward_id = ${wardId}::uuid and b.active
       order by b.label`;
  }

  /**
   * Whom the ward was asked to take, the most urgent first. One branch for each way of asking: so each finds the few there
   * are by an index, and not among all there ever were.
   */
  awaited(tx: TenantTx, wardId: string): Promise<AwaitedRow[]> {
    const schema = schemaSql(tx.hospital);
    return tx.$queryRaw<AwaitedRow[]>`
      select a.id as "admissionId", a.patient_id as "patientId", p.mrn, p.given_name || ' ' || p.family_name as name, a.state,
             a.urgency, coalesce(t.bed_class, a.bed_class) as "bedClass",
             case when t.id is not null then a.ward_id end as "fromWardId"
        from (select t.admission_id, t.id, t.bed_class from ${schema}.transfer_request t
               where t.to_ward_id = ${wardId}::uuid and t.status = 'requested'
              union all
              select o.id, null, null from ${schema}.admission o
               where o.ward_id = ${wardId}::uuid and o.state in ('requested', 'accepted')) t
        join ${schema}.admission a on a.id = t.admission_id
        join ${schema}.patient p on p.id = a.patient_id
       order by array_position(array['emergency', 'urgent', 'elective'], a.urgency), a.id`;
  }
}
