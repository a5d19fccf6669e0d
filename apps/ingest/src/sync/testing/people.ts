import type { HospitalRole } from '@hms/contracts';
import { uuidv7 } from 'uuidv7';
import type { TestUser } from '../../testing/test-sync.js';
import type { Side } from './witness.js';

/** Whose device it is, and what they may hold. */
export interface Owner extends TestUser {
  readonly role: HospitalRole;
  readonly side: Side;
  /** None means the whole hospital. */
  wardIds: readonly string[];
  /** For whom they broke the glass. */
  readonly glass: Set<string>;
}

export async function addWard({ hospital }: Side): Promise<string> {
  const id = uuidv7();
  await hospital.rows(`insert into {schema}.ward (id, code, name) values ($1, $2, 'Ward')`, [
    id,
    `W${id.slice(-8).toUpperCase()}`,
  ]);
  return id;
}

export async function addPatient({ hospital, mark }: Side, wardId: string | null): Promise<string> {
  const id = await hospital.addPatient();
  const statement = 'update {schema}.patient set family_name = $2, ward_id = $3 where id = $1';
  await hospital.rows(statement, [id, mark, wardId]);
  return id;
}

/** The owner breaks the glass for a patient, and for one at a time; if they did already, that ends. */
export async function toggleGlass(
  { side: { hospital }, userId, sessionId, glass }: Owner,
  patientId: string,
): Promise<void> {
  const ends = glass.has(patientId);
  await hospital.rows('update {schema}.break_glass set closed_at = now() where user_id = $1 and closed_at is null', [
    userId,
  ]);
  glass.clear();
  if (ends) return;
  const opens = hospital.rows(
    `insert into {schema}.break_glass (id, patient_id, user_id, session_id, reason_code, justification, opened_at, expires_at, review_due_at)
     values ($1, $2, $3, $4, 'emergency', 'Found unresponsive at the door', now(), now() + interval '30 minutes', now() + interval '3 days')`,
    [uuidv7(), patientId, userId, sessionId],
  );
  if (await unlessLocked(opens)) glass.add(patientId);
}

/** Whether it was done: what an open transaction holds back does not happen, or the test would wait for itself. */
export async function unlessLocked(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (err) {
    if (err instanceof Error && 'code' in err && err.code === '55P03') return false;
    throw err;
  }
}
