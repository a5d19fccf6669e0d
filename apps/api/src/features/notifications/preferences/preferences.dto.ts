import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayUnique, IsIn, IsOptional, Matches } from 'class-validator';
import { IsZone } from '../../../platform/http/zone.js';
import { languages, outsideChannels, timeOfDay, type Language, type OutsideChannel } from '../notification.terms.js';

export class SetNotificationPreferencesDto {
  /** Beside the inbox, which everybody has. Urgent messages go all ways the hospital allows. */
  @ArrayMaxSize(outsideChannels.length)
  @ArrayUnique()
  @IsIn(outsideChannels, { each: true })
  @ApiProperty({ enum: outsideChannels, isArray: true })
  channels: OutsideChannel[];

  /** Null: that of the patient's record, or of the hospital. */
  @IsOptional()
  @IsIn(languages)
  @ApiPropertyOptional({ enum: languages, nullable: true })
  language?: Language | null;

  /** Local time from which on only what is urgent is sent; with `quietUntil`, or neither. Null: as the hospital has it. */
  @IsOptional()
  @Matches(timeOfDay)
  @ApiPropertyOptional({ type: String, nullable: true, example: '21:00' })
  quietFrom?: string | null;

  @IsOptional()
  @Matches(timeOfDay)
  @ApiPropertyOptional({ type: String, nullable: true, example: '08:00' })
  quietUntil?: string | null;

  /** IANA zone of the quiet hours. Null: that of the hospital. */
  @IsOptional()
  @IsZone()
  @ApiPropertyOptional({ type: String, nullable: true, example: 'Africa/Nairobi' })
  timezone?: string | null;

  /** For SMS, as it is dialled from abroad. Null: that of the patient's record. */
  @IsOptional()
  @Matches(/^\+[1-9]\d{6,14}$/)
  @ApiPropertyOptional({ type: String, nullable: true, example: '+353871234567' })
  phone?: string | null;
}

export class NotificationPreferencesDto {
  /** Null until the caller chooses: the app and mails, and SMS only where it is urgent. */
  @ApiProperty({ enum: outsideChannels, isArray: true, nullable: true })
  channels: OutsideChannel[] | null;
  @ApiProperty({ enum: languages, nullable: true })
  language: Language | null;
  @ApiProperty({ type: String, nullable: true })
  quietFrom: string | null;
  @ApiProperty({ type: String, nullable: true })
  quietUntil: string | null;
  @ApiProperty({ type: String, nullable: true })
  timezone: string | null;
  @ApiProperty({ type: String, nullable: true })
  phone: string | null;
}
