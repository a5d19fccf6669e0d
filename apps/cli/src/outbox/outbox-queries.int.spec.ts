import { OperatorError, withOwner } from '@hms/database';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { retire } from './outbox-queries.js';

const consumer = `test-${uuidv7()}`;
const asOwner = <T>(work: (owner: pg.Client) => Promise<T>): Promise<T> =>
  withOwner(process.env['DATABASE_DIRECT_URL'] ?? '', work);

/** Enters the consumer, and gives it a waiting, a dead and a done delivery of each type. */
async function enter(owner: pg.Client): Promise<void> {
  const types = ['test.one', 'test.two'];
  await owner.query('insert into public.outbox_consumer (name, types) values ($1, $2)', [consumer, types]);
  await owner.query(
    `with event as (insert into public.outbox_event (id, type, payload, fanned_out_at)
                    select gen_random_uuid(), unnest($2::text[]), '{}', now() returning id, occurred_at)
     insert into public.outbox_delivery (event_id, consumer, state, occurred_at, finished_at)
     select e.id, $1 || d.suffix, d.state, e.occurred_at, case when d.state <> 'pending' then now() end
       from event e cross join (values ('', 'pending'), ('-other', 'dead')) as d (suffix, state)`,
    [consumer, types],
  );
}

afterEach(() =>
  asOwner(async (owner) => {
    await owner.query(`delete from public.outbox_event where type like 'test.%'`);
    await owner.query('delete from public.outbox_consumer where name = $1', [consumer]);
  }),
);

const left = async (owner: pg.Client): Promise<object> => {
  const consumers = await owner.query('select types from public.outbox_consumer where name = $1', [consumer]);
  const deliveries = await owner.query<{ type: string }>(
    `select e.type from public.outbox_delivery d join public.outbox_event e on e.id = d.event_id
      where d.consumer = $1 order by 1`,
    [consumer],
  );
  return { consumers: consumers.rows, deliveries: deliveries.rows.map(({ type }) => type) };
};

describe('retiring a consumer', () => {
  it('forgets it with what waits for it, and nobody else', async () => {
    await asOwner(async (owner) => {
      await enter(owner);
      expect(await retire(owner, consumer)).toBe(2);
      expect(await left(owner)).toEqual({ consumers: [], deliveries: [] });
      const others = await owner.query('select from public.outbox_delivery where consumer = $1', [`${consumer}-other`]);
      expect(others.rowCount).toBe(2);
    });
  });

  it('from one type leaves it the others', async () => {
    await asOwner(async (owner) => {
      await enter(owner);
      expect(await retire(owner, consumer, 'test.one')).toBe(1);
      expect(await left(owner)).toEqual({ consumers: [{ types: ['test.two'] }], deliveries: ['test.two'] });
    });
  });

  it('that nobody entered is refused', async () => {
    await asOwner(async (owner) => {
      await expect(retire(owner, 'test-nobody')).rejects.toThrow(OperatorError);
      await enter(owner);
      await expect(retire(owner, consumer, 'test.three')).rejects.toThrow(OperatorError);
    });
  });
});
