import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { eventBy } from '../../../platform/events/new-event.js';
import { Outbox } from '../../../platform/events/outbox.service.js';
import { decodeKeys } from '../../../platform/http/keyset.js';
import { toPage, type Page, type PageQueryDto } from '../../../platform/http/page.js';
import { presentFields } from '../../../platform/http/patch.js';
import { ResourcesService } from '../resources/resources.service.js';
import { schedulingError } from '../scheduling.errors.js';
import { isStaff } from '../scheduling.policy.js';
import { ServicesService } from '../services/services.service.js';
import { SitesService } from '../sites/sites.service.js';
import type { CreateExceptionDto, ExceptionDto, ExceptionsQueryDto } from './exceptions.dto.js';
import type { CreateRuleDto, RuleDto, UpdateRuleDto } from './rules.dto.js';
import { fromDay, fromTime, toExceptionDto, toRuleDto, withoutReason } from './rules.mapper.js';
import { RulesRepository, type ExceptionRow, type RuleRow } from './rules.repository.js';
import { assertDays, assertException } from './schedule.policy.js';

/** Where a rule or an exception is: among those of `resourceId`. */
export interface SchedulePath {
  readonly resourceId: string;
  readonly id: string;
}

interface Named {
  readonly siteId?: string | undefined;
  readonly serviceIds?: readonly string[] | undefined;
}

/** When resources can be booked: their week, and what differs from it. What is booked already is not touched by it. */
@Injectable()
export class RulesService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly resources: ResourcesService,
    private readonly sites: SitesService,
    private readonly services: ServicesService,
    private readonly rules: RulesRepository,
    private readonly outbox: Outbox,
  ) {}

  /** Whoever is no staff sees what patients may book. @throws `resource.not-found` */
  list(actor: HospitalActor, resourceId: string, { limit, cursor }: PageQueryDto): Promise<Page<RuleDto>> {
    const after = cursor === undefined ? undefined : decodeKeys(cursor, { id: 'uuid' }).id;
    return this.database.readInHospital(actor.hospital, async (tx) => {
      await this.resources.require(tx, resourceId);
      const filter = { resourceId, bookableBy: isStaff(actor) ? undefined : ('patient' as const) };
      return toPage(await this.rules.list(tx, filter, after, limit + 1), limit, toRuleDto, ({ id }) => [id]);
    });
  }

  /** @throws `resource.not-found` or `request.invalid` */
  create(actor: HospitalActor, resourceId: string, command: CreateRuleDto): Promise<RuleDto> {
    assertDays(command.validFrom, command.validUntil, 'validUntil');
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.resources.require(tx, resourceId);
      await this.#requireNamed(tx, command);
      const { localStart, localEnd, validFrom, validUntil, ...rest } = command;
      const rule = await this.rules.insert(tx, {
        ...rest,
        resourceId,
        localStart: fromTime(localStart),
        localEnd: fromTime(localEnd),
        validFrom: validFrom ? fromDay(validFrom) : null,
        validUntil: validUntil ? fromDay(validUntil) : null,
        createdBy: actor.userId,
      });
      await this.#tell(tx, actor, resourceId);
      return toRuleDto(rule);
    });
  }

  /** @throws `schedule-rule.not-found`, `precondition.failed` or `request.invalid` */
  update(actor: HospitalActor, path: SchedulePath, version: number, command: UpdateRuleDto): Promise<RuleDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const before = toRuleDto(await this.#requireRule(tx, path));
      const { localStart, localEnd, validFrom, validUntil, ...rest } = command;
      assertDays(validFrom ?? before.validFrom, validUntil ?? before.validUntil, 'validUntil');
      await this.#requireNamed(tx, command);
      const change = presentFields({
        ...rest,
        localStart: localStart && fromTime(localStart),
        localEnd: localEnd && fromTime(localEnd),
        validFrom: validFrom && fromDay(validFrom),
        validUntil: validUntil && fromDay(validUntil),
      });
      const rule = await this.rules.update(tx, path.id, version, change);
      if (!rule) throw commonError('precondition.failed');
      await this.#tell(tx, actor, path.resourceId);
      return toRuleDto(rule);
    });
  }

  /** @throws `schedule-rule.not-found` or `precondition.failed` */
  async remove(actor: HospitalActor, path: SchedulePath, version: number): Promise<void> {
    await this.unitOfWork.inHospital(actor, async (tx) => {
      const rule = await this.#requireRule(tx, path);
      if (!(await this.rules.delete(tx, path.id, version))) throw commonError('precondition.failed');
      await this.#tell(tx, actor, path.resourceId);
      return toRuleDto(rule);
    });
  }

  /** Why is for staff to know. @throws `resource.not-found` */
  listExceptions(actor: HospitalActor, resourceId: string, query: ExceptionsQueryDto): Promise<Page<ExceptionDto>> {
    const { limit, cursor, from } = query;
    const after = cursor === undefined ? undefined : decodeKeys(cursor, { id: 'uuid' }).id;
    const filter = { resourceId, from: from === undefined ? undefined : fromDay(from) };
    return this.database.readInHospital(actor.hospital, async (tx) => {
      await this.resources.require(tx, resourceId);
      const rows = await this.rules.listExceptions(tx, filter, after, limit + 1);
      const shown = isStaff(actor) ? toExceptionDto : withoutReason;
      return toPage(rows, limit, shown, ({ id }) => [id]);
    });
  }

  /** @throws `resource.not-found` or `request.invalid` */
  addException(actor: HospitalActor, resourceId: string, command: CreateExceptionDto): Promise<ExceptionDto> {
    assertException(command);
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.resources.require(tx, resourceId);
      await this.#requireNamed(tx, command);
      const { firstDay, lastDay = firstDay, localStart, localEnd, ...rest } = command;
      const exception = await this.rules.insertException(tx, {
        ...rest,
        resourceId,
        firstDay: fromDay(firstDay),
        lastDay: fromDay(lastDay),
        localStart: localStart === undefined ? null : fromTime(localStart),
        localEnd: localEnd === undefined ? null : fromTime(localEnd),
        createdBy: actor.userId,
      });
      await this.#tell(tx, actor, resourceId);
      return toExceptionDto(exception);
    });
  }

  /** @throws `schedule-exception.not-found` or `precondition.failed` */
  async removeException(actor: HospitalActor, path: SchedulePath, version: number): Promise<void> {
    await this.unitOfWork.inHospital(actor, async (tx) => {
      const exception: ExceptionRow | null = await this.rules.findException(tx, path.resourceId, path.id);
      if (!exception) throw schedulingError('schedule-exception.not-found');
      if (!(await this.rules.deleteException(tx, path.id, version))) throw commonError('precondition.failed');
      await this.#tell(tx, actor, path.resourceId);
      return toExceptionDto(exception);
    });
  }

  async #requireRule(tx: TenantTx, { resourceId, id }: SchedulePath): Promise<RuleRow> {
    const rule = await this.rules.find(tx, resourceId, id);
    if (!rule) throw schedulingError('schedule-rule.not-found');
    return rule;
  }

  async #requireNamed(tx: TenantTx, { siteId, serviceIds }: Named): Promise<void> {
    if (siteId !== undefined) await this.sites.requireNamed(tx, siteId);
    if (serviceIds !== undefined && serviceIds.length > 0) await this.services.requireNamed(tx, serviceIds);
  }

  #tell(tx: TenantTx, actor: HospitalActor, resourceId: string): Promise<void> {
    return this.outbox.add(tx, eventBy(actor, 'schedule.changed', { id: resourceId }));
  }
}
