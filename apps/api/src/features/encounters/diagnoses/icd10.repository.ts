import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import { likeLiteral } from '../../../platform/http/like.js';

export interface Icd10Row {
  readonly code: string;
  readonly display: string;
  readonly recordable: boolean;
}

@Injectable()
export class Icd10Repository {
  constructor(private readonly database: HospitalDatabase) {}

  find(code: string): Promise<Icd10Row | null> {
    const select = { code: true, display: true, recordable: true };
    return this.database.publicClient.icd10Code.findFirst({ where: { code, active: true }, select });
  }

  /** Whose code begins like that, or whose title has words that do, all of them; in the order of the codes. */
  search(text: string, after: string, take: number): Promise<Icd10Row[]> {
    const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
    const query = words.map((word) => `${word}:*`).join(' & ');
    return this.database.publicClient.$queryRaw`
      select code, display, recordable from public.icd10_code
       where active and code > ${after}
         and (code like ${`${likeLiteral(text.toUpperCase())}%`} or to_tsvector('english', display) @@ to_tsquery('english', ${query}))
       order by code limit ${take}`;
  }
}
