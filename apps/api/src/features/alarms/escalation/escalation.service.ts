import { Injectable } from '@nestjs/common';
import type { AlarmPriority } from '@hms/contracts';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { eventBy } from '../../../platform/events/new-event.js';
import { Outbox } from '../../../platform/events/outbox.service.js';
import { WardsService } from '../../wards/wards.service.js';
import type { EscalationDto, EscalationListDto, SetEscalationDto } from './escalation.dto.js';
import { assertSteps } from './escalation.policy.js';
import { EscalationRepository, type Policy } from './escalation.repository.js';

/** Whose policy: `wardId` null means the hospital's. */
export interface PolicyPath {
  readonly wardId: string | null;
  readonly priority: AlarmPriority;
}

/** Who is told of alarms, and who when nobody acknowledges. What is changed counts for open alarms from their next step. */
@Injectable()
export class EscalationService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly escalation: EscalationRepository,
    private readonly wards: WardsService,
    private readonly outbox: Outbox,
  ) {}

  /** What counts on a ward, or where a ward has nothing of its own. @throws `ward.not-found` */
  list(actor: HospitalActor, wardId: string | null): Promise<EscalationListDto> {
    return this.database.readInHospital(actor.hospital, async (tx) => {
      await this.#requireWard(tx, actor, wardId);
      return { items: (await this.escalation.effective(tx, wardId)).map(toEscalationDto) };
    });
  }

  /** @throws `ward.not-found` or `request.invalid` */
  set(actor: HospitalActor, path: PolicyPath, { steps }: SetEscalationDto): Promise<EscalationDto> {
    assertSteps(steps);
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.#requireWard(tx, actor, path.wardId);
      await this.escalation.replace(tx, path, steps);
      await this.outbox.add(tx, eventBy(actor, 'alarm-escalation.changed', { ...path }));
      return { ...path, steps };
    });
  }

  /** The hospital's policy counts there again. @throws `ward.not-found` */
  async remove(actor: HospitalActor, wardId: string, priority: AlarmPriority): Promise<void> {
    await this.unitOfWork.inHospital(actor, async (tx) => {
      await this.wards.require(tx, actor, wardId);
      await this.escalation.remove(tx, wardId, priority);
      await this.outbox.add(tx, eventBy(actor, 'alarm-escalation.changed', { wardId, priority }));
    });
  }

  async #requireWard(tx: TenantTx, actor: HospitalActor, wardId: string | null): Promise<void> {
    if (wardId !== null) await this.wards.require(tx, actor, wardId);
  }
}

const toEscalationDto = ({ priority, wardId, steps }: Policy): EscalationDto => ({
  priority,
  wardId,
  steps: steps.map(({ afterSeconds, roles, channels }) => ({
    afterSeconds,
    roles: [...roles],
    channels: [...channels],
  })),
});
