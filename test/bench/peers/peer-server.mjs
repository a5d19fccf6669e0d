import { fastify } from 'fastify';
import pg from 'pg';
import { CopyStore } from './copy-store.mjs';
import { InsertStore } from './insert-store.mjs';
import { readBatch } from './peer-batch.mjs';
import { PeerDirectory } from './peer-directory.mjs';

// A receiver of telemetry as one would build it of the usual parts: it authenticates, validates, remembers the batch,
// stores, and answers after the commit. It knows nothing of replays, moved devices, alarms, live wards or fairness.
const [way = ''] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: process.env['INGEST_DATABASE_URL'], max: 4 });
const directory = new PeerDirectory(pool);
const store = way === 'insert' ? new InsertStore(pool) : new CopyStore(pool);

const app = fastify({ bodyLimit: 4 * 1024 * 1024 });
app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body));
app.post('/telemetry', async (request, reply) => {
  const caller = await directory.callerOf(request.headers.authorization ?? '');
  if (!caller) return reply.code(401).send({ code: 'auth.unauthenticated' });
  const batch = readBatch(caller, /** @type {string} */ (request.body));
  await store.store(batch);
  return { batch: batch.key, accepted: batch.rows.length, rejectedTotal: batch.rejected };
});
const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.send?.(Number(new URL(url).port));
process.once('disconnect', () => process.exit());
