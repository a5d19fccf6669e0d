import type { INestApplicationContext } from '@nestjs/common';
import { HospitalDatabase, hospitalRef, type Hospital } from '@hms/database';
import { createLogger, Registry } from '@hms/service-kit';
import { ApiConfig } from '../../../../platform/config/api-config.js';
import { Outbox } from '../../../../platform/events/outbox.service.js';
import type { Mailer } from '../../../../platform/mail/mailer.service.js';
import { asOwner } from '../../../../testing/test-hospital.js';
import { AlarmsRepository } from '../../episodes/alarms.repository.js';
import { EscalationRepository } from '../../escalation/escalation.repository.js';
import type { AgendaItem, AgendaRepository } from '../agenda.repository.js';
import { AlarmMailRepository } from '../alarm-mail.repository.js';
import { AlarmMails } from '../alarm-mails.service.js';
import { AlarmSweep } from '../alarm-sweep.service.js';
import { AlarmTelling } from '../alarm-telling.service.js';
import { TellingRepository } from '../telling.repository.js';

/** The agenda of a hospital that is suspended, so that no other worker looks at it. */
export class AgendaOf implements Pick<AgendaRepository, 'due'> {
  constructor(private readonly hospital: Hospital) {}

  async due(without: readonly string[], take: number): Promise<AgendaItem[]> {
    const { rows } = await asOwner((owner) =>
      owner.query<{ id: string; kind: 'tell' | 'mail'; dueAt: Date }>(
        `select item_id as id, kind, due_at as "dueAt" from public.alarm_agenda
          where hospital_id = $1 and due_at <= now() and item_id <> all ($2::uuid[]) order by due_at limit $3`,
        [this.hospital.id, without, take],
      ),
    );
    return rows.map((row) => ({ ...row, hospital: hospitalRef(this.hospital) }));
  }
}

export interface SweepParts {
  readonly agenda: Pick<AgendaRepository, 'due'>;
  readonly mailer: Pick<Mailer, 'send'>;
  readonly telling?: TellingRepository;
}

/** A sweep made of the real parts, but for those that are given. */
export function sweepOf(nest: INestApplicationContext, { agenda, mailer, telling }: SweepParts): AlarmSweep {
  const [database, outbox] = [nest.get(HospitalDatabase, { strict: false }), nest.get(Outbox, { strict: false })];
  const config = new ApiConfig({ ...process.env, NODE_ENV: 'test', PORT: '1' });
  const teller = new AlarmTelling(
    telling ?? new TellingRepository(),
    new AlarmsRepository(),
    new EscalationRepository(),
    outbox,
  );
  const mails = new AlarmMails(database, new AlarmMailRepository(database), mailer as Mailer, config);
  const logger = createLogger('test', 'silent');
  return new AlarmSweep(agenda as AgendaRepository, database, teller, mails, outbox, logger, new Registry());
}

export const suspend = (hospital: Hospital): Promise<unknown> =>
  asOwner((owner) => owner.query(`update public.hospital set status = 'suspended' where id = $1`, [hospital.id]));
