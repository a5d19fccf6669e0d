import { newGatewayKey, hashSecret } from '@hms/auth';
import { schemaOf, type Hospital } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { hashOpaqueToken, newOpaqueToken } from '../platform/access/opaque-token.js';
import { asOwner, createTestUser } from './test-hospital.js';

/** One object of every kind a route can name, keyed by the path segment before its id. */
export class ObjectIds {
  constructor(private readonly ids: Readonly<Record<string, string>>) {}

  /** @throws an Error for a kind of object this test does not make yet: add it to {@link foreignObjects} */
  fill(url: string): string {
    // A device that syncs is not one that a patient wears.
    return url.replace(/((?:sync\/)?[\w-]+)\/:\w+/g, (_, segment: string) => {
      const id = this.ids[segment];
      if (id === undefined) throw new Error(`foreignObjects() makes nothing for ${url}: add "${segment}"`);
      return `${segment}/${id}`;
    });
  }
}

/** Fills a hospital with one of everything. */
export async function foreignObjects(hospital: Hospital): Promise<ObjectIds> {
  const [patient, ward, bed, allergy, gateway, device, assignment, breakGlass, deadLetter] = Array.from(
    { length: 9 },
    () => uuidv7(),
  );
  const [alarm, suppression, limit, observation] = Array.from({ length: 4 }, () => uuidv7());
  const [condition, note, syncDevice, conflict, quarantined] = Array.from({ length: 5 }, () => uuidv7());
  const [site, service, resource, rule, exception, appointment] = Array.from({ length: 6 }, () => uuidv7());
  const [notification, broadcast] = [uuidv7(), uuidv7()];
  const [visit, encounter, diagnosis] = Array.from({ length: 3 }, () => uuidv7());
  const [token, entry, feed] = Array.from({ length: 3 }, () => uuidv7());
  const calendar = newOpaqueToken();
  const [inpatient, admission] = [uuidv7(), uuidv7()];
  const { keyId, secret } = newGatewayKey();
  const user = await createTestUser({ hospital, role: 'doctor' });
  const schema = schemaOf(hospital.slug);
  await asOwner(async (owner) => {
    const insert = (table: string, row: Record<string, unknown>): Promise<unknown> => {
      const columns = Object.keys(row);
      const places = columns.map((_, i) => `$${i + 1}`);
      return owner.query(
        `insert into ${table} (${columns.join(', ')}) values (${places.join(', ')})`,
        Object.values(row),
      );
    };
    const by = { created_by: user.id, updated_by: user.id };
    await insert(`${schema}.patient`, {
      id: patient,
      mrn: patient,
      family_name: 'Canary',
      given_name: 'Foreign',
      ...by,
    });
    await insert(`${schema}.allergy`, {
      id: allergy,
      patient_id: patient,
      substance: 'penicillin',
      category: 'medication',
      ...by,
    });
    await insert(`${schema}.condition`, { id: condition, patient_id: patient, display: 'Canary', ...by });
    const written = { patient_id: patient, kind: 'progress', text: 'canary', recorded_at: '2026-01-01T00:00:00Z' };
    await insert(`${schema}.note`, { id: note, ...written, ...by });
    await insert(`${schema}.ward`, { id: ward, code: `C-${keyId.toUpperCase()}`, name: 'Canary' });
    await insert(`${schema}.bed`, { id: bed, ward_id: ward, label: '1' });
    await insert('public.gateway', { id: gateway, hospital_id: hospital.id, name: keyId });
    await insert('public.gateway_key', {
      key_id: keyId,
      hospital_id: hospital.id,
      gateway_id: gateway,
      secret_hash: hashSecret(secret),
    });
    await insert(`${schema}.device`, { id: device, external_id: keyId, gateway_id: gateway, kind: 'other', ...by });
    await insert(`${schema}.device_assignment`, {
      id: assignment,
      device_id: device,
      patient_id: patient,
      ward_id: ward,
      valid: '[2026-01-01Z,)',
      created_by: user.id,
    });
    const suppressed = { id: suppression, patient_id: patient, reason: 'canary', created_by: user.id };
    await insert(`${schema}.alarm_suppression`, { ...suppressed, ends_at: new Date(Date.now() + 3_600_000) });
    await insert(`${schema}.alarm`, {
      id: alarm,
      kind: 'limit',
      rule: 'spo2-low',
      patient_id: patient,
      ward_id: ward,
      priority: 'high',
      // Of one that is not, a worker would tell people in the middle of a test.
      state: 'acknowledged',
      started_at: '2026-01-01T00:00:00Z',
      last_seen_at: '2026-01-01T00:00:00Z',
      raised_at: '2026-01-01T00:00:00Z',
    });
    await insert(`${schema}.alarm_limit`, { id: limit, vital: 'spo2', patient_id: patient, low: 80, priority: 'high' });
    await insert(`${schema}.charted_observation`, {
      id: observation,
      patient_id: patient,
      code: 'acvpu',
      value: 1,
      recorded_at: '2026-01-01T00:00:00Z',
      recorded_by: user.id,
    });
    await insert(`${schema}.telemetry_dead_letter`, {
      id: deadLetter,
      gateway_id: gateway,
      device: keyId,
      recorded_at: '2026-01-01T00:00:00Z',
      reason: '23514',
      reading: '{"heart_rate": 72}',
    });
    const synced = { device_id: syncDevice, user_id: user.id, entity: 'patients', patient_id: patient };
    await insert('sync.device', {
      id: syncDevice,
      hospital_id: hospital.id,
      user_id: user.id,
      name: 'Canary',
      schema_version: 1,
    });
    await insert(`${schema}.sync_conflict`, {
      id: conflict,
      op_id: conflict,
      ...synced,
      row_id: patient,
      kind: 'conflict',
      row_version: 1,
      fields: '[{"field": "phone", "yours": null, "theirs": "+353 1 234 5678"}]',
      op: '{}',
      client_at: '2026-01-01T00:00:00Z',
    });
    const refused = { seq: 1, code: 'invalid', reason: 'canary', op: '{}' };
    await insert(`${schema}.sync_quarantine`, { id: quarantined, op_id: quarantined, ...synced, ...refused });
    const made = { created_by: user.id };
    await insert(`${schema}.site`, { id: site, name: `Canary ${keyId}`, tz: 'Europe/Dublin', ...made });
    await insert(`${schema}.service_type`, { id: service, name: `Canary ${keyId}`, duration_min: 30, ...made });
    await insert(`${schema}.resource`, { id: resource, kind: 'provider', name: 'Dr Canary', site_id: site, ...made });
    const hours = { id: rule, resource_id: resource, site_id: site, local_start: '09:00', local_end: '17:00' };
    await insert(`${schema}.schedule_rule`, { ...hours, weekday: 1, slot_min: 30, ...made });
    const closed = { id: exception, resource_id: resource, site_id: site, kind: 'closed' };
    await insert(`${schema}.schedule_exception`, {
      ...closed,
      first_day: '2026-01-01',
      last_day: '2026-01-01',
      ...made,
    });
    await insert(`${schema}.appointment`, {
      id: appointment,
      patient_id: patient,
      provider_id: resource,
      service_id: service,
      site_id: site,
      status: 'booked',
      during: '[2036-01-07T09:00Z,2036-01-07T09:30Z)',
      tz_at_booking: 'Europe/Dublin',
      doctor_name: 'Dr Canary',
      clinic_name: 'Canary',
      ...by,
    });
    const stay = { patient_id: patient, created_by: user.id };
    await insert(`${schema}.visit`, { id: visit, opened_at: '2026-01-05T09:00Z', ...stay });
    await insert(`${schema}.encounter`, {
      ...{ id: encounter, visit_id: visit, class: 'AMB', status: 'arrived', started_at: '2026-01-05T09:00Z' },
      ...{ ...stay, updated_by: user.id },
    });
    const about = { encounter_id: encounter, code: 'I10', display: 'canary', rank: 1, created_by: user.id };
    await insert(`${schema}.encounter_diagnosis`, { id: diagnosis, ...about });
    const message = {
      id: notification,
      dedupe_key: notification,
      code: 'message',
      params: '{"title": "c", "body": "c"}',
    };
    const told = { user_id: user.id, priority: 'normal', expires_at: '2026-01-02T00:00:00Z' };
    await insert(`${schema}.notification`, { ...message, ...told });
    const spread = { target: 'patients', title: 'canary', body: 'canary', created_by: user.id };
    await insert(`${schema}.notification_broadcast`, { id: broadcast, ...spread });
    const queue = { site_id: site, service_id: service, service_day: '2026-01-05' };
    await insert(`${schema}.queue`, { ...queue, last_number: 1 });
    await insert(`${schema}.queue_token`, { id: token, ...queue, number: 1, patient_id: patient, ...by });
    const wanted = '[2026-01-05T09:00Z,2026-01-06T09:00Z)';
    await insert(`${schema}.waitlist_entry`, { id: entry, patient_id: patient, service_id: service, wanted, ...made });
    const opened = { id: feed, hospital_id: hospital.id, resource_id: resource, token_hash: hashOpaqueToken(calendar) };
    await insert('public.calendar_feed', { ...opened, ...made });
    const now = new Date();
    const stayed = { id: inpatient, patient_id: patient, visit_id: visit, class: 'IMP', status: 'planned' };
    await insert(`${schema}.encounter`, { ...stayed, ...by });
    await insert(`${schema}.admission`, {
      id: admission,
      patient_id: patient,
      encounter_id: inpatient,
      state: 'requested',
      ward_id: ward,
      source: 'other',
      urgency: 'elective',
      reason: 'canary',
      requested_at: now,
      ...by,
    });
    await insert(`${schema}.break_glass`, {
      id: breakGlass,
      patient_id: patient,
      user_id: user.id,
      session_id: user.sessionId,
      reason_code: 'emergency',
      justification: 'A canary needs help at once',
      opened_at: '2026-01-01T00:00:00Z',
      expires_at: '2026-01-01T01:00:00Z',
      review_due_at: '2026-01-04T00:00:00Z',
    });
  });
  const ids = {
    patients: patient,
    allergies: allergy,
    conditions: condition,
    notes: note,
    'sync/devices': syncDevice,
    'sync/conflicts': conflict,
    'sync/quarantine': quarantined,
    wards: ward,
    beds: bed,
    gateways: gateway,
    keys: keyId,
    devices: device,
    assignments: assignment,
    alarms: alarm,
    'alarm-suppressions': suppression,
    // A sign and a priority are no objects: as any other word, an id names none of them.
    'alarm-limits': limit,
    'alarm-escalation': limit,
    observations: observation,
    queue: 'jobs',
    queues: 'jobs',
    'break-glass': breakGlass,
    sites: site,
    services: service,
    resources: resource,
    'schedule-rules': rule,
    'schedule-exceptions': exception,
    appointments: appointment,
    encounters: encounter,
    diagnoses: diagnosis,
    notifications: notification,
    broadcasts: broadcast,
    'queue-tokens': token,
    waitlist: entry,
    'calendar-feeds': feed,
    calendars: calendar,
    admissions: admission,
    'dead-letters': deadLetter,
  };
  return new ObjectIds({
    ...(ids as Record<string, string>),
    users: user.id,
    sessions: user.sessionId,
    hospitals: hospital.id,
  });
}
