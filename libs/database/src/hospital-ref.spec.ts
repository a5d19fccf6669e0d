import { hospitalRef, isHospitalSlug, schemaOf } from './hospital-ref.js';

const id = '01234567-89ab-7cde-8f01-23456789abcd';

describe('a hospital reference', () => {
  it.each(['a', '1st', 'St_Mary', 'a-b', 'a b', 'a"; drop schema public; --', `a${'x'.repeat(41)}`, '', 'a\n'])(
    'refuses the slug %j',
    (slug) => {
      expect(isHospitalSlug(slug)).toBe(false);
      expect(() => hospitalRef({ id, slug })).toThrow('malformed');
    },
  );

  it('refuses an id that is no UUID', () => {
    expect(() => hospitalRef({ id: '1', slug: 'alpha' })).toThrow('malformed');
  });

  it('names the schema after the slug, short enough for PostgreSQL', () => {
    expect(schemaOf(hospitalRef({ id, slug: 'st_mary' }).slug)).toBe('hospital_st_mary');
    expect(schemaOf(hospitalRef({ id, slug: `a${'x'.repeat(40)}` }).slug).length).toBeLessThanOrEqual(63);
  });
});
