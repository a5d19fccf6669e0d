import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import type { HospitalActor } from '../../platform/access/actor.js';
import type { CountedPage } from '../../platform/http/counted-page.js';
import { Encryption } from '../../platform/encryption/encryption.service.js';
import { decodeKeys } from '../../platform/http/keyset.js';
import { toPage } from '../../platform/http/page.js';
import { seesDeleted } from './clinical-fields.policy.js';
import { PatientSearchRepository, type PatientListing } from './patient-search.repository.js';
import { searchTerms } from './patient-search.js';
import { toPatientDto } from './patient.mapper.js';
import type { ListPatientsQueryDto, PatientDto } from './patients.dto.js';
import { PatientsRepository } from './patients.repository.js';

type Key = string | number;

interface Position {
  readonly id: string;
  readonly keys: readonly Key[];
}

@Injectable()
export class PatientListService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly encryption: Encryption,
    private readonly patients: PatientsRepository,
    private readonly search: PatientSearchRepository,
  ) {}

  /** @throws `request.invalid` for a search that names nothing, `auth.forbidden` for deleted records */
  async list(actor: HospitalActor, query: ListPatientsQueryDto): Promise<CountedPage<PatientDto>> {
    const { includeDeleted = false, count = false, limit } = query;
    if (includeDeleted && !seesDeleted(actor)) throw commonError('auth.forbidden');
    const cipher = await this.encryption.forHospital(actor.hospital);
    const listing = { terms: searchTerms(query, cipher), includeDeleted };
    return this.database.readInHospital(actor.hospital, async (tx) => {
      const found = await this.#find(tx, listing, query);
      const page = toPage(
        found,
        limit,
        ({ id }) => id,
        ({ keys }) => keys,
      );
      const rows = await this.patients.findAll(tx, page.items);
      const items = rows.map((row) => toPatientDto(actor, row, cipher));
      return { ...page, items, ...(count ? { total: await this.search.count(tx, listing) } : {}) };
    });
  }

  /** One more than the page holds. A search by name answers the most alike first, any other list is alphabetical. */
  async #find(tx: TenantTx, listing: PatientListing, query: ListPatientsQueryDto): Promise<Position[]> {
    const { cursor, limit } = query;
    const words = listing.terms.flatMap((term) => (term.by === 'name' ? term.words : []));
    if (words.length > 0) {
      const after = cursor === undefined ? undefined : decodeKeys(cursor, { relevance: 'integer', id: 'uuid' });
      const rows = await this.search.listByRelevance(tx, { ...listing, words }, after, limit + 1);
      return rows.map(({ relevance, id }) => ({ id, keys: [relevance, id] }));
    }
    const position = { familyName: 'text', givenName: 'text', id: 'uuid' } as const;
    const after = cursor === undefined ? undefined : decodeKeys(cursor, position);
    const rows = await this.search.listByName(tx, listing, after, limit + 1);
    return rows.map(({ familyName, givenName, id }) => ({ id, keys: [familyName, givenName, id] }));
  }
}
