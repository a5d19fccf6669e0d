import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export class ProblemTypeDto {
  @ApiProperty({ example: 'precondition.failed' })
  code: string;

  @ApiProperty({ example: 412 })
  status: number;

  @ApiProperty({ example: 'Somebody changed this since you read it' })
  title: string;

  @ApiPropertyOptional({ description: 'Seconds after which the same request may succeed', example: 2 })
  retryAfter?: number;
}

export class ProblemTypesDto {
  @ApiProperty({ type: [ProblemTypeDto] })
  items: ProblemTypeDto[];
}
