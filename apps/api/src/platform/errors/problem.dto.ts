import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

class FieldProblemDto {
  @ApiProperty({ example: 'birthDate' })
  field: string;

  @ApiProperty({ example: 'isDateOnly' })
  code: string;

  @ApiProperty({ example: 'birthDate must be a date such as 1980-01-31' })
  message: string;
}

/** RFC 9457 problem details: the body of every answer from 400 up. */
export class ProblemDto {
  @ApiProperty({ example: '/problems/request.invalid' })
  type: string;

  @ApiProperty()
  title: string;

  @ApiProperty({ example: 422 })
  status: number;

  @ApiProperty({ description: 'Stable; decide on this, not on the title', example: 'request.invalid' })
  code: string;

  @ApiProperty({ description: 'Quote it when you report a problem' })
  requestId: string;

  @ApiPropertyOptional({ description: 'What to change' })
  detail?: string;

  @ApiPropertyOptional({ type: [FieldProblemDto] })
  errors?: FieldProblemDto[];
}
