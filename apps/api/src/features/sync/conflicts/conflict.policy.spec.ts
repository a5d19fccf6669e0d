import { describe, expect, it } from '@jest/globals';
import { permissionsOf, type HospitalRole } from '@hms/contracts';
import type { Identity } from '../../../platform/access/actor.js';
import { mayDecide, parseFields, readableEntities, visibleFields } from './conflict.policy.js';

const actor = (role: HospitalRole, wardIds?: string[]): Identity => ({
  userId: 'me',
  sessionId: 'session',
  roles: [role],
  permissions: permissionsOf([role]),
  ...(wardIds ? { wardIds } : {}),
});
const conflict = { userId: 'another', entity: 'patients', patientId: 'patient', wardId: 'here' };
const fields = ['phone', 'bloodGroup', 'allergyStatus'].map((field) => ({ field, yours: 1, theirs: 2 }));
const shown = (role: HospitalRole, entity = 'patients') =>
  visibleFields(actor(role), { ...conflict, entity }, fields).map(({ field }) => field);

describe('a conflict', () => {
  it('is decided by those who made the change, wherever the patient lies', () => {
    for (const wardId of ['here', 'elsewhere', null]) {
      expect(mayDecide(actor('nurse', ['here']), { ...conflict, userId: 'me', wardId })).toBe(true);
    }
  });

  it('is decided by those who work on the ward of the patient', () => {
    expect(mayDecide(actor('nurse', ['here']), conflict)).toBe(true);
    expect(mayDecide(actor('nurse'), conflict)).toBe(true);
    expect(mayDecide(actor('nurse', ['here']), { ...conflict, wardId: 'elsewhere' })).toBe(false);
    expect(mayDecide(actor('nurse'), { ...conflict, wardId: null })).toBe(false);
    expect(mayDecide(actor('billing_clerk'), conflict)).toBe(false);
  });

  it('is nothing to those who may not read what it is about, were it their own', () => {
    expect(mayDecide(actor('lab_staff'), { ...conflict, userId: 'me', entity: 'notes' })).toBe(false);
    expect(mayDecide(actor('lab_staff'), { ...conflict, userId: 'me', entity: 'allergies' })).toBe(true);
    expect(mayDecide(actor('doctor'), { ...conflict, userId: 'me', entity: 'unknown' })).toBe(false);
    expect(readableEntities(actor('lab_staff'))).toEqual(['patients', 'allergies', 'conditions']);
  });

  it('shows clinical fields of a patient to those who may see them', () => {
    expect(shown('nurse')).toEqual(['phone', 'bloodGroup', 'allergyStatus']);
    expect(shown('hospital_admin')).toEqual(['phone']);
    expect(shown('hospital_admin', 'observations')).toHaveLength(3);
  });

  it.each([[null], [{}], [[null, 1, {}, { field: 7 }]]])('that says %j says nothing', (stored) => {
    expect(parseFields(stored)).toEqual([]);
  });

  it('says null of a value that is missing', () => {
    expect(parseFields([{ field: 'phone', yours: 'x' }])).toEqual([{ field: 'phone', yours: 'x', theirs: null }]);
  });
});
