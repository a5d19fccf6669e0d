import { Injectable } from '@nestjs/common';
import { decodeKeys } from '../../../platform/http/keyset.js';
import { toPage, type Page } from '../../../platform/http/page.js';
import type { Icd10CodeDto, Icd10QueryDto } from './icd10.dto.js';
import { Icd10Repository } from './icd10.repository.js';

/** The codes that diagnoses are recorded with. */
@Injectable()
export class Icd10Service {
  constructor(private readonly codes: Icd10Repository) {}

  /** In the order of the codes. */
  async search({ q, limit, cursor }: Icd10QueryDto): Promise<Page<Icd10CodeDto>> {
    const after = cursor === undefined ? '' : decodeKeys(cursor, { code: 'text' }).code;
    const rows = await this.codes.search(q, after, limit + 1);
    return toPage(
      rows,
      limit,
      (row) => row,
      ({ code }) => [code],
    );
  }
}
