import { ApiProperty } from '@nestjs/swagger';
import { MinLength } from 'class-validator';
import { IsLine } from '../../../platform/http/fields.js';
import { PageQueryDto } from '../../../platform/http/page.js';

export class Icd10QueryDto extends PageQueryDto {
  /** The beginning of a code, or of words of the title, such as `I50` or `heart fail`. */
  @MinLength(2)
  @IsLine(100)
  q: string;
}

export class Icd10CodeDto {
  code: string;
  display: string;
  /** False for a heading, which is too coarse to be recorded. */
  recordable: boolean;
}

export class Icd10PageDto {
  @ApiProperty({ type: [Icd10CodeDto] })
  items: Icd10CodeDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
