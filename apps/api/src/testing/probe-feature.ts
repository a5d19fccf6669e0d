import { Body, Controller, Get, Injectable, Module, Param, Post } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase } from '@hms/database';
import { Matches } from 'class-validator';
import { uuidv7 } from 'uuidv7';
import { Access, Returns } from '../platform/access/access.decorator.js';
import type { HospitalActor } from '../platform/access/actor.js';
import { CurrentHospitalActor } from '../platform/access/current-actor.decorator.js';
import { Audited } from '../platform/audit/audited.decorator.js';
import { Cache } from '../platform/cache/cache.service.js';
import { UnitOfWork } from '../platform/database/unit-of-work.js';
import { eventBy } from '../platform/events/new-event.js';
import { Outbox } from '../platform/events/outbox.service.js';
import { IsLine } from '../platform/http/fields.js';
import { UuidPipe } from '../platform/http/uuid.pipe.js';
import { Idempotent } from '../platform/idempotency/idempotent.decorator.js';
import { Limited } from '../platform/limits/limited.decorator.js';

/*
 * What somebody writes who adds a feature: one line each to be idempotent, audited, limited, evented and cached. The
 * suites of access, audit and fuzzing run with it, to show that they find a new route by themselves.
 */

export class NewProbeDto {
  @Matches(/^[A-Z0-9-]{1,16}$/)
  code: string;

  @IsLine(100)
  name: string;
}

export class ProbeDto {
  id: string;
  name: string;
  version: number;
}

@Injectable()
class ProbeService {
  /** How often the database was asked. */
  reads = 0;

  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly outbox: Outbox,
    private readonly cache: Cache,
  ) {}

  create(actor: HospitalActor, { code, name }: NewProbeDto): Promise<ProbeDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const data = { id: uuidv7(), code, name, createdBy: actor.userId };
      const probe = await tx.ward.create({ data, select: { id: true, name: true, version: true } });
      await this.outbox.add(tx, eventBy(actor, 'ward.created', { id: probe.id, version: probe.version }));
      return probe;
    });
  }

  rename(actor: HospitalActor, id: string, { name }: NewProbeDto): Promise<ProbeDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const [probe] = await tx.ward.updateManyAndReturn({ where: { id }, data: { name } });
      if (!probe) throw commonError('route.not-found');
      await this.outbox.add(tx, eventBy(actor, 'ward.changed', { id, version: probe.version }));
      return { id, name: probe.name, version: probe.version };
    });
  }

  async get(actor: HospitalActor, id: string): Promise<ProbeDto> {
    const probe = await this.cache.hospital(actor).read(`probe:${id}`, { tags: [`ward:${id}`] }, async () => {
      this.reads += 1;
      const row = await this.database.readInHospital(actor.hospital, (tx) =>
        tx.ward.findUnique({ where: { id }, select: { id: true, name: true, version: true } }),
      );
      return row ?? undefined;
    });
    if (!probe) throw commonError('route.not-found');
    return probe;
  }
}

@Controller('api/v1/probe/wards')
class ProbeController {
  constructor(private readonly probes: ProbeService) {}

  @Post()
  @Access('ward:manage')
  @Audited({ action: 'create', entity: 'ward' })
  @Idempotent()
  @Limited('write')
  @Returns(201, ProbeDto)
  create(@CurrentHospitalActor() actor: HospitalActor, @Body() command: NewProbeDto): Promise<ProbeDto> {
    return this.probes.create(actor, command);
  }

  @Post(':id/rename')
  @Access('ward:manage')
  @Audited({ action: 'update', entity: 'ward' })
  @Returns(200, ProbeDto)
  rename(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: NewProbeDto,
  ): Promise<ProbeDto> {
    return this.probes.rename(actor, id, command);
  }

  @Get(':id')
  @Access('ward:read')
  @Audited({ action: 'read', entity: 'ward' })
  @Returns(200, ProbeDto)
  get(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<ProbeDto> {
    return this.probes.get(actor, id);
  }
}

@Module({ controllers: [ProbeController], providers: [ProbeService] })
export class ProbeFeature {
  constructor(readonly probes: ProbeService) {}
}
