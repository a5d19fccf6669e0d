import { fastify } from 'fastify';
import pg from 'pg';

/*
 * Appointments as the founding documents have them, and as most tutorials do: look whether the time is free, then insert.
 * In one transaction, over a pool of the same size, with an index for the question; nothing but a constraint is missing.
 */

const [url = '', schema = ''] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url, max: 10 });
const app = fastify();

app.post('/appointments', async (request, reply) => {
  const { patientId, providerId, start } = /** @type {Record<string, string>} */ (request.body);
  const connection = await pool.connect();
  try {
    await connection.query('begin');
    const { rowCount } = await connection.query(
      `select from ${schema}.appointment where provider_id = $1 and status <> 'cancelled'
          and during && tstzrange($2::timestamptz, $2::timestamptz + interval '30 minutes')`,
      [providerId, start],
    );
    if (rowCount !== 0) {
      await connection.query('rollback');
      return await reply.code(409).send({ code: 'slot-taken' });
    }
    const { rows } = await connection.query(
      `insert into ${schema}.appointment (patient_id, provider_id, status, during)
       values ($1, $2, 'scheduled', tstzrange($3::timestamptz, $3::timestamptz + interval '30 minutes')) returning id`,
      [patientId, providerId, start],
    );
    await connection.query('commit');
    return await reply.code(201).send(rows[0]);
  } finally {
    connection.release();
  }
});

const address = await app.listen({ host: '127.0.0.1', port: 0 });
process.send?.(Number(new URL(address).port));
process.once('disconnect', () => process.exit());
