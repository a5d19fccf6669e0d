import { Controller, Get, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { UuidPipe } from '../../../platform/http/uuid.pipe.js';
import { WardBoardDto } from './board.dto.js';
import { BoardService } from './board.service.js';

/** Everybody the board shows. */
const shownPatients = ({ result }: { readonly result?: unknown }): unknown[] => {
  const { beds = [], awaited = [] } = (result ?? {}) as Partial<WardBoardDto>;
  return [...beds.map(({ occupant }) => occupant?.patientId), ...awaited.map(({ patientId }) => patientId)];
};

@ApiTags('Wards')
@Controller('api/v1/wards/:id/board')
export class BoardController {
  constructor(private readonly board: BoardService) {}

  /**
   * The ward's beds with who lies in them, and whom the ward is asked to take.
   * @remarks `bed.changed`, `admission.*` and `alarm.*` of `/live` say when to read it again.
   * @throws {404} `ward.not-found`
   */
  @Get()
  @Access('admission:read')
  @Audited({ action: 'read', entity: 'patient', entityIds: shownPatients })
  @Returns(200, WardBoardDto)
  get(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<WardBoardDto> {
    return this.board.get(actor, id);
  }
}
