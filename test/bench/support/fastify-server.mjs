import { fastify } from 'fastify';

// The most a Fastify route can do: answer the same JSON, having looked nothing up.
const [body = '{}'] = process.argv.slice(2);
const value = /** @type {unknown} */ (JSON.parse(body));
const app = fastify();
app.get('/*', () => value);
const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.send?.(Number(new URL(url).port));
process.once('disconnect', () => process.exit());
