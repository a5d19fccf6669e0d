import { Injectable } from '@nestjs/common';
import { commonError, waveformLeads } from '@hms/contracts';
import { HospitalDatabase } from '@hms/database';
import type { HospitalActor } from '../../platform/access/actor.js';
import { AssignmentsService } from '../devices/assignments.service.js';
import type { WaveformChunkDto, WaveformDto, WaveformsDto, WaveformsQueryDto } from './waveforms.dto.js';
import { WaveformsRepository, type ChunkRow } from './waveforms.repository.js';

const defaultSpanMs = 10_000;
const maxSpanMs = 60_000;
const leads = new Map(waveformLeads.map((lead) => [lead.code, lead]));

@Injectable()
export class WaveformsService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly waveforms: WaveformsRepository,
    private readonly assignments: AssignmentsService,
  ) {}

  /** @throws `patient.not-found`, `request.invalid` when the window is empty or too long */
  ofPatient(actor: HospitalActor, patientId: string, query: WaveformsQueryDto): Promise<WaveformsDto> {
    const { from, to } = windowOf(query, new Date());
    return this.database.readInHospital(actor.hospital, async (tx) => {
      await this.assignments.requirePatient(tx, actor, patientId);
      const chunks = await this.waveforms.chunks(tx, { patientId, from, to }, query.lead);
      return { patientId, from: from.toISOString(), to: to.toISOString(), items: toWaveformDtos(chunks) };
    });
  }
}

function windowOf(asked: WaveformsQueryDto, now: Date): { readonly from: Date; readonly to: Date } {
  const to = asked.to ?? now;
  const from = asked.from ?? new Date(to.getTime() - defaultSpanMs);
  const span = to.getTime() - from.getTime();
  if (span > 0 && span <= maxSpanMs) return { from, to };
  const message = span > 0 ? 'from and to are more than a minute apart' : 'from must be before to';
  throw commonError('request.invalid', { errors: [{ field: 'from', code: 'window', message }] });
}

/** One for each device and lead, in the order of the rows, which are sorted by both. */
function toWaveformDtos(rows: readonly ChunkRow[]): WaveformDto[] {
  const waveforms: WaveformDto[] = [];
  for (const row of rows) {
    const { device, lead } = row;
    const last = waveforms.at(-1);
    const chunk = toChunkDto(row);
    if (last?.device === device && last.lead === lead) {
      last.chunks.push(chunk);
    } else {
      const { display = lead, unit = '1' } = leads.get(lead) ?? {};
      waveforms.push({ device, lead, display, unit, chunks: [chunk] });
    }
  }
  return waveforms;
}

const toChunkDto = ({ startedAt, hz, scale, origin, samples }: ChunkRow): WaveformChunkDto => ({
  startedAt: startedAt.toISOString(),
  hz,
  scale,
  origin,
  samples: Buffer.from(samples).toString('base64'),
});
