import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { WardsService } from '../../wards/wards.service.js';
import type { BoardBedDto, OccupantDto, WardBoardDto } from './board.dto.js';
import { BoardRepository, type BoardRow } from './board.repository.js';

@Injectable()
export class BoardService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly board: BoardRepository,
    private readonly wards: WardsService,
  ) {}

  /** @throws `ward.not-found` */
  get(actor: HospitalActor, wardId: string): Promise<WardBoardDto> {
    const at = new Date().toISOString();
    const seesVitals = actor.permissions.has('vitals:read');
    return this.database.readInHospital(actor.hospital, async (tx) => {
      await this.wards.require(tx, actor, wardId);
      const beds = await this.board.beds(tx, wardId);
      const awaited = await this.board.awaited(tx, wardId);
      return { wardId, beds: beds.map((row) => toBed(row, seesVitals)), awaited, at };
    });
  }
}

const toBed = (row: BoardRow, seesVitals: boolean): BoardBedDto => ({
  bedId: row.bedId,
  label: row.label,
  roomName: row.roomName,
  class: row.class,
  status: row.status,
  blockedReason: row.blockedReason,
  occupant: toOccupant(row, seesVitals),
});

function toOccupant(row: BoardRow, seesVitals: boolean): OccupantDto | null {
  const { admissionId, patientId, mrn, name, state } = row;
  if (admissionId === null || patientId === null || mrn === null || name === null || state === null) return null;
  return {
    admissionId,
    patientId,
    mrn,
    name,
    state,
    since: row.since?.toISOString() ?? null,
    expectedDischarge: row.expectedDischarge,
    attendingId: row.attendingId,
    transferToWardId: row.transferToWardId,
    openAlarms: seesVitals ? row.openAlarms : null,
    news2: seesVitals ? row.news2 : null,
    news2At: seesVitals ? (row.news2At?.toISOString() ?? null) : null,
  };
}
