import { waveformLeads } from '@hms/contracts';
import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { IsInstant } from '../../platform/http/instant.js';

const leads = waveformLeads.map(({ code }) => code);

export class WaveformsQueryDto {
  /** 10 seconds before `to` when absent; at most a minute before it. */
  @IsOptional()
  @IsInstant()
  from?: Date;

  /** Exclusive; now when absent. */
  @IsOptional()
  @IsInstant()
  to?: Date;

  /** One lead alone; all when absent. */
  @IsOptional()
  @IsIn(leads)
  @ApiProperty({ enum: leads, required: false })
  lead?: string;
}

export class WaveformChunkDto {
  /** Of its first sample. */
  @ApiProperty({ format: 'date-time' })
  startedAt: string;
  /** Samples a second. */
  hz: number;
  /** A value is `origin + scale × sample`. */
  scale: number;
  origin: number;
  /** Signed 16-bit samples, little-endian, in base64. */
  @ApiProperty({ format: 'byte' })
  samples: string;
}

export class WaveformDto {
  /** Name of the device. */
  device: string;
  @ApiProperty({ enum: leads })
  lead: string;
  display: string;
  /** UCUM, of the values. */
  unit: string;
  /** In order of time. They may overlap the window at both ends. */
  chunks: WaveformChunkDto[];
}

export class WaveformsDto {
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  @ApiProperty({ format: 'date-time' })
  from: string;
  @ApiProperty({ format: 'date-time' })
  to: string;
  items: WaveformDto[];
}
