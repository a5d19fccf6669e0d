import { Injectable } from '@nestjs/common';
import { HospitalDatabase, hospitalRef, type HospitalRef } from '@hms/database';

/** The hospitals that background work goes through. */
@Injectable()
export class HospitalDirectory {
  constructor(private readonly database: HospitalDatabase) {}

  /** Every hospital there is, suspended ones too, in the order of their slugs. */
  async provisioned(): Promise<HospitalRef[]> {
    const rows = await this.database.publicClient.hospital.findMany({
      where: { status: { not: 'provisioning' } },
      select: { id: true, slug: true },
      orderBy: { slug: 'asc' },
    });
    return rows.map(hospitalRef);
  }
}
