import { Injectable } from '@nestjs/common';
import { HospitalDatabase, hospitalRef, schemaSql, type HospitalRef, type TenantTx } from '@hms/database';

@Injectable()
export class TelemetryPartitionsRepository {
  constructor(private readonly database: HospitalDatabase) {}

  async activeHospitals(): Promise<HospitalRef[]> {
    const rows = await this.database.publicClient.hospital.findMany({
      where: { status: 'active' },
      select: { id: true, slug: true },
      orderBy: { slug: 'asc' },
    });
    return rows.map(hospitalRef);
  }

  /** Adds the partitions that are missing from 35 days ago to 35 days ahead. */
  async ensure(tx: TenantTx): Promise<void> {
    await tx.$executeRaw`
      select ${schemaSql(tx.hospital)}.ensure_telemetry_partitions(now() - interval '35 days', now() + interval '35 days')`;
  }
}
