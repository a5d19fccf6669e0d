import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { IfMatch } from '../../../platform/http/etag.js';
import { UuidPipe } from '../../../platform/http/uuid.pipe.js';
import { ConflictDto, ConflictPageDto, ConflictsQueryDto, ResolveConflictDto } from './conflicts.dto.js';
import { ConflictsService } from './conflicts.service.js';

@ApiTags('Offline')
@Controller('api/v1/sync/conflicts')
export class ConflictsController {
  constructor(private readonly conflicts: ConflictsService) {}

  /**
   * Changes of devices that met another one, newest first: the caller's own, or those of a ward the caller works on.
   * @remarks Open ones, unless `state` says otherwise.
   * @throws {404} `ward.not-found`
   */
  @Get()
  @Access('sync:own')
  @Audited({ action: 'read', entity: 'sync-conflict' })
  @Returns(200, ConflictPageDto)
  list(@CurrentHospitalActor() actor: HospitalActor, @Query() query: ConflictsQueryDto): Promise<ConflictPageDto> {
    return this.conflicts.list(actor, query);
  }

  /**
   * Leaves the record as it is (`theirs`), or gives it the values of the device (`mine`); once.
   * @remarks `mine` needs what a PATCH of the patient needs, and is for `patients` only.
   * @throws {404} `sync-conflict.not-found`, `patient.not-found`
   * @throws {409} `sync-conflict.resolved`, `sync-conflict.changed-since`, `patient.identifier-taken`
   * @throws {412} `precondition.failed`
   * @throws {422} `request.invalid`, `sync-conflict.make-anew`
   * @throws {428} `precondition.required`
   */
  @Post(':id/resolution')
  @Access('sync:own')
  @Audited({ action: 'update', entity: 'sync-conflict' })
  @Returns(200, ConflictDto)
  resolve(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @IfMatch() version: number,
    @Body() command: ResolveConflictDto,
  ): Promise<ConflictDto> {
    return this.conflicts.resolve(actor, id, version, command);
  }
}
