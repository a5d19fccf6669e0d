import { Controller, Get, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { commonError, documentedErrors } from '@hms/contracts';
import { Public, Returns } from '../access/access.decorator.js';
import { ProblemTypeDto, ProblemTypesDto } from './problems.dto.js';

/** Where the `type` of every problem points: what a code means, from the catalogues that raise it. */
@ApiTags('Problems')
@Controller('problems')
export class ProblemsController {
  /** Every code there is. */
  @Get()
  @Public('error codes are documented for everybody who builds on the API')
  @Returns(200, ProblemTypesDto)
  list(): ProblemTypesDto {
    return { items: [...documentedErrors()].map(([code, spec]) => ({ code, ...spec })).sort(byCode) };
  }

  /** One code. */
  @Get(':code')
  @Public('error codes are documented for everybody who builds on the API')
  @Returns(200, ProblemTypeDto)
  get(@Param('code') code: string): ProblemTypeDto {
    const spec = documentedErrors().get(code);
    if (!spec) throw commonError('route.not-found');
    return { code, ...spec };
  }
}

const byCode = (a: ProblemTypeDto, b: ProblemTypeDto): number => (a.code < b.code ? -1 : 1);
