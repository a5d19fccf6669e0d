import { Injectable } from '@nestjs/common';
import type { AppError } from '@hms/contracts';
import { constraintOf, schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { inpatientError } from '../inpatient.errors.js';

const { sql } = TenantPrisma;
/** Of an encounter whose patient is here. */
const openStatuses = ['arrived', 'triaged', 'in-progress', 'onleave'];
const at = (time: Date): TenantPrisma.Sql => sql`${time.toISOString()}::timestamptz`;

export interface EncounterEnd {
  readonly at: Date;
  readonly disposition: string;
  readonly by: string;
}

/** The encounters of class IMP: each goes with an admission, in the same transaction. */
@Injectable()
export class InpatientEncountersRepository {
  /** Planned, in the visit the patient is here for; in a new one for somebody who is not here. */
  async plan(
    tx: TenantTx,
    { patientId, responsibleId, reason }: { patientId: string; responsibleId: string | null; reason: string },
    by: string,
    now: Date,
  ): Promise<string> {
    const schema = schemaSql(tx.hospital);
    const id = uuidv7();
    const [open] = await tx.$queryRaw<{ id: string }[]>`
      select v.id from ${schema}.visit v
       where v.patient_id = ${patientId}::uuid and v.closed_at is null
         and exists (select from ${schema}.encounter e
                      where e.visit_id = v.id and e.status in ('arrived', 'triaged', 'in-progress', 'onleave') and e.ended_at is null)
       order by v.opened_at desc, v.id desc limit 1`;
    const visitId = open?.id ?? uuidv7();
    if (!open) await tx.visit.create({ data: { id: visitId, patientId, openedAt: now, createdBy: by } });
    const encounter = { id, patientId, visitId, class: 'IMP', status: 'planned', responsibleId, plannedFor: now };
    await tx.encounter.create({
      data: { ...encounter, chiefComplaint: reason, createdBy: by, updatedBy: by },
      select: { id: true },
    });
    return id;
  }

  /**
   * Care begins, whether or not somebody said before that the patient has arrived.
   * @throws `admission.encounter-open`, or `admission.encounter-over` when it ended before the patient came
   */
  async begin(tx: TenantTx, id: string, startedAt: Date, by: string): Promise<void> {
    const move = async (from: string[], status: string): Promise<boolean> => {
      const where = { id, status: { in: from }, endedAt: null };
      const { count } = await tx.encounter.updateMany({ where, data: { status, startedAt, updatedBy: by } });
      return count === 1;
    };
    try {
      await move(['planned'], 'arrived');
      if (!(await move(openStatuses, 'in-progress'))) throw await this.#over(tx, id);
    } catch (err) {
      if (constraintOf(err) === 'encounter_open_inpatient')
        throw inpatientError('admission.encounter-open', { cause: err });
      throw err;
    }
  }

  async cancel(tx: TenantTx, id: string, reason: string, by: string): Promise<void> {
    const where = { id, status: 'planned' };
    await tx.encounter.updateMany({ where, data: { status: 'cancelled', statusReason: reason, updatedBy: by } });
  }

  /**
   * The patient has left. It is finished when its records are; until they are it stays open, for those who write them.
   */
  async end(tx: TenantTx, id: string, { at: endedAt, disposition, by }: EncounterEnd): Promise<void> {
    const schema = schemaSql(tx.hospital);
    const unfinished = await this.unfinished(tx, id);
    const status = unfinished.undiagnosed || unfinished.unsigned > 0 ? sql`e.status` : sql`'finished'`;
    await tx.$executeRaw`
      update ${schema}.encounter e
         set ended_at = greatest(e.started_at, ${at(endedAt)}), disposition = ${disposition}, status = ${status},
             updated_by = ${by}::uuid
       where e.id = ${id}::uuid and e.status in ('arrived', 'triaged', 'in-progress', 'onleave')`;
  }

  /** What keeps the encounter from being finished. Until the transaction ends no diagnosis changes. */
  async unfinished(tx: TenantTx, id: string): Promise<{ readonly undiagnosed: boolean; readonly unsigned: number }> {
    const schema = schemaSql(tx.hospital);
    await tx.$queryRaw`select from ${schema}.encounter where id = ${id}::uuid for no key update`;
    return this.records(tx, id);
  }

  /** The same, of this moment. */
  async records(tx: TenantTx, id: string): Promise<{ readonly undiagnosed: boolean; readonly unsigned: number }> {
    const schema = schemaSql(tx.hospital);
    const [found] = await tx.$queryRaw<{ undiagnosed: boolean; unsigned: number }[]>`
      select s.needs_diagnosis and not exists (
               select from ${schema}.encounter_diagnosis d where d.encounter_id = ${id}::uuid and d.removed_at is null) as undiagnosed,
             case when s.needs_signed_notes then (
               select count(*)::int from ${schema}.note n
                where n.encounter_id = ${id}::uuid and n.status = 'current' and n.signed_at is null
                  and not exists (select from ${schema}.note r where r.parent_id = n.id and r.relation = 'revision')) else 0 end as unsigned
        from ${schema}.encounter_setting s`;
    if (!found) throw new Error('the settings of encounters have one row');
    return found;
  }

  async #over(tx: TenantTx, id: string): Promise<AppError> {
    const { status } = await tx.encounter.findUniqueOrThrow({ where: { id }, select: { status: true } });
    const detail = `The encounter is ${status}: cancel this admission and request another`;
    return inpatientError('admission.encounter-over', { detail });
  }
}
