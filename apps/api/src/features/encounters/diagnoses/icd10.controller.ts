import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import { Icd10PageDto, Icd10QueryDto } from './icd10.dto.js';
import { Icd10Service } from './icd10.service.js';

@ApiTags('Encounters')
@Controller('api/v1/icd10-codes')
export class Icd10Controller {
  constructor(private readonly codes: Icd10Service) {}

  /** Searches the ICD-10 codes, in their order. */
  @Get()
  @Access('terminology:read')
  @Returns(200, Icd10PageDto)
  search(@Query() query: Icd10QueryDto): Promise<Icd10PageDto> {
    return this.codes.search(query);
  }
}
