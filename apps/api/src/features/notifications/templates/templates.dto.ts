import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { IsLine, IsText } from '../../../platform/http/fields.js';
import {
  channels,
  languages,
  templateCodes,
  type Channel,
  type Language,
  type TemplateCode,
} from '../notification.terms.js';

export class WriteNotificationTemplateDto {
  @IsIn(templateCodes)
  @ApiProperty({ enum: templateCodes })
  code: TemplateCode;

  @IsIn(languages)
  @ApiProperty({ enum: languages })
  lang: Language;

  @IsIn(channels)
  @ApiProperty({ enum: channels })
  channel: Channel;

  /** The version it replaces: 0 for the built-in text. */
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  basedOn: number;

  /** Subject of a mail, title of a push or of a message in the app; none of an SMS. */
  @IsOptional()
  @IsLine(200)
  @ApiPropertyOptional({ type: String, nullable: true })
  subject?: string | null;

  /** With `{{variables}}`; which ones there are is in the list of templates. */
  @IsText(2_000)
  body: string;
}

export class NotificationTemplateDto {
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  id: string | null;
  @ApiProperty({ enum: templateCodes })
  code: TemplateCode;
  @ApiProperty({ enum: languages })
  lang: Language;
  @ApiProperty({ enum: channels })
  channel: Channel;
  /** 0: built in. */
  version: number;
  @ApiProperty({ type: String, nullable: true })
  subject: string | null;
  body: string;
  /** What the text may name. */
  variables: string[];
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  createdAt: string | null;
}

export class NotificationTemplatesDto {
  /** All there are, by code, language and channel. */
  @ApiProperty({ type: [NotificationTemplateDto] })
  items: NotificationTemplateDto[];
}
