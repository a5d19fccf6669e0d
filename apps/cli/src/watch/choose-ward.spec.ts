import { type ApiSession } from './api-session.js';
import { findWard } from './choose-ward.js';

/** Answers the list of wards in pages of two. */
const wards = (...names: string[]): Pick<ApiSession, 'get'> => ({
  get: (path, schema) => {
    const from = Number(new URL(path, 'http://api').searchParams.get('cursor') ?? 0);
    const items = names.slice(from, from + 2).map((name, i) => ({
      id: `id-${String(from + i)}`,
      code: name.slice(0, 3).toUpperCase(),
      name,
    }));
    return Promise.resolve(
      schema.parse({ items, nextCursor: from + 2 < names.length ? String(from + 2) : null }) as never,
    );
  },
});

describe('the ward to watch', () => {
  const session = wards('General', 'Intensive', 'Paediatrics', 'Surgical');

  it.each(['paediatrics', 'PAE', 'id-2'])('is found by name, code or id, on whatever page: %s', async (wanted) => {
    expect(await findWard(session, wanted)).toMatchObject({ name: 'Paediatrics' });
  });

  it('is asked for again with the names there are', async () => {
    await expect(findWard(session, 'Maternity')).rejects.toThrow(
      'No ward is called "Maternity"; there are General, Intensive, Paediatrics, Surgical.',
    );
  });

  it('does not list hundreds of names', async () => {
    const many = wards(...Array.from({ length: 30 }, (_, i) => `Ward ${String(i)}`));
    await expect(findWard(many, 'none')).rejects.toThrow(/Ward 19 and 10 more\.$/);
  });
});
