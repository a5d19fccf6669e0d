import { describe, expect, it } from '@jest/globals';
import type { AuditDeclaration } from './audit-rule.js';
import { entityIdsOf, patientIdsOf, shownBy, valuesAt } from './audit-subjects.js';

const [a, b, c] = ['a', 'b', 'c'].map((x) => `0190000${x}-0000-7000-8000-000000000000`) as [string, string, string];
const read = (entity: string, more: Partial<AuditDeclaration> = {}): AuditDeclaration => ({
  action: 'read',
  entity,
  ...more,
});
const both = (declaration: AuditDeclaration, operation: string, params: Record<string, string>, result?: unknown) => ({
  entities: entityIdsOf(declaration, { operation, params, result }),
  patients: patientIdsOf(declaration, { operation, params, result }),
});

describe('what a use of a route was about', () => {
  it('is the record in the answer and the patient in the path', () => {
    const seen = both(read('allergy'), 'POST /api/v1/patients/:id/allergies', { id: a }, { id: b, substance: 'x' });
    expect(seen).toEqual({ entities: [b], patients: [a] });
  });

  it('is every record of a list', () => {
    const items = [{ id: a }, { id: b }, { id: a }];
    expect(both(read('patient'), 'GET /api/v1/patients', {}, { items })).toEqual({
      entities: [a, b],
      patients: [a, b],
    });
  });

  it('is every patient a list of something else names', () => {
    const items = [{ patientId: a }, { patientId: b }];
    const seen = both(read('vitals', { entityIds: () => [] }), 'GET /wards/:id/vitals/latest', { id: c }, { items });
    expect(seen).toEqual({ entities: [], patients: [a, b] });
  });

  it('is what was asked for when nothing was answered', () => {
    const params = { id: a, allergyId: b };
    const seen = both(read('allergy'), 'PATCH /api/v1/patients/:id/allergies/:allergyId', params);
    expect(seen).toEqual({ entities: [b], patients: [a] });
    expect(both(read('patient'), 'GET /api/v1/patients/:id', { id: a.toUpperCase() })).toEqual({
      entities: [a],
      patients: [a],
    });
  });

  it('never holds text of a path that is no id', () => {
    expect(both(read('patient'), 'GET /api/v1/patients/:id', { id: 'Maria Muster, HIV' })).toEqual({
      entities: [],
      patients: [],
    });
  });

  it('is where the route says it is', () => {
    const declared = read('device', { patientIds: valuesAt('assignment.patientId') });
    const items = [
      { id: b, assignment: { patientId: a } },
      { id: c, assignment: null },
    ];
    expect(both(declared, 'GET /api/v1/devices', {}, { items })).toEqual({ entities: [b, c], patients: [a] });
  });

  it('includes whom a refusal showed', () => {
    expect(shownBy({ code: 'patient.possible-duplicate', candidates: [{ id: a }] }, 'candidates')).toEqual([a]);
    expect(shownBy({ code: 'request.invalid' }, 'candidates')).toEqual([]);
  });
});
