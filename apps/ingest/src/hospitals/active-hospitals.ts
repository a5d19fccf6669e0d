import type { Lane } from '../database/lane.js';
import type { Hospital } from './hospital.js';
import type { Hospitals } from './hospitals.js';

/** The hospitals that are open now, whether this process met them or not. */
export async function activeHospitals(lane: Pick<Lane, 'run'>, hospitals: Hospitals): Promise<Hospital[]> {
  const rows = await lane.run<{ id: string; slug: string }>(
    `select id, slug from public.hospital where status = 'active'`,
  );
  return rows.map(({ id, slug }) => hospitals.of(id, slug));
}
