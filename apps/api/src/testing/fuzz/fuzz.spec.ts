import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AppError, commonError, toProblem } from '@hms/contracts';
import Fastify, { type FastifyInstance, type InjectOptions } from 'fastify';
import { ApiDescription } from './api-description.js';
import { Bodies } from './bodies.js';
import type { FuzzCase } from './fuzz-case.js';
import { fuzz, type FuzzTarget } from './fuzz-route.js';
import { canary } from './hostile-values.js';
import { Random } from './random.js';

/*
 * What the fuzz suite would find: a service that does each forbidden thing once, and one that does none.
 */

interface Note {
  readonly text?: unknown;
}
type Handler = (note: Note) => void;

let written = 0;
const refuse = (): never => {
  throw commonError('request.invalid');
};
const services: Readonly<Record<string, Handler>> = {
  sound: ({ text }) => (typeof text === 'string' ? undefined : refuse()),
  'fails on U+0000': ({ text }) => {
    if (typeof text === 'string' && text.includes('\0')) throw new Error('invalid byte sequence');
  },
  'writes, then refuses': ({ text }) => {
    written += 1;
    if (text === 'odd') refuse();
  },
  'writes the first time only': ({ text }) => {
    written = Math.max(written, 1);
    if (text !== 'fits') refuse();
  },
  'gives values back': ({ text }) => {
    throw commonError('request.invalid', { detail: `not ${String(text)}` });
  },
  'shows its database': () => {
    throw commonError('request.invalid', { detail: 'select id from patient where id = $1' });
  },
  'forgets to protect': () => undefined,
  'answers without a problem': () => {
    throw Object.assign(new Error('no'), { statusCode: 400 });
  },
};

const addressOf = (service: string): string => `/${service.replaceAll(/\W+/g, '-')}`;

const protection = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

let fastify: FastifyInstance;
beforeAll(async () => {
  fastify = Fastify();
  fastify.addHook('onRequest', (request, reply, done) => {
    const isBare = request.url === addressOf('forgets to protect');
    void reply.headers(isBare ? { 'x-request-id': request.id } : { ...protection, 'x-request-id': request.id });
    done();
  });
  fastify.setErrorHandler((err, request, reply) => {
    const plain = !(err instanceof AppError) && err instanceof Error && 'statusCode' in err;
    if (plain) return reply.status(400).send({ message: 'no' });
    const problem = toProblem(err, request.id);
    const headers = { 'content-type': 'application/problem+json', 'x-request-id': request.id };
    return reply.status(problem.status).headers(headers).send(JSON.stringify(problem));
  });
  for (const [name, handle] of Object.entries(services)) {
    fastify.post<{ Body: Note }>(addressOf(name), ({ body }, reply) => {
      handle(body);
      void reply.send({});
    });
  }
  await fastify.ready();
});
afterAll(() => fastify.close());

const target: FuzzTarget = {
  settle: () => Promise.resolve(),
  digest: () => Promise.resolve(new Map([['public.note', String(written)]])),
  rows: () => Promise.resolve(new Map([['[7]', String(written)]])),
  send: async (request) => {
    const { statusCode, headers, body } = await fastify.inject(request as InjectOptions);
    return { status: statusCode, headers, body, milliseconds: 1 };
  },
};

const sending = (service: string, texts: readonly unknown[]): FuzzCase[] =>
  texts.map((text) => ({
    method: 'POST',
    url: addressOf(service),
    headers: { 'content-type': 'application/json' },
    payload: JSON.stringify({ text }),
  }));
const texts = ['a', 'b', canary, '\0', 'c', 'odd', 'd'];

describe('the fuzz suite', () => {
  it('finds nothing where nothing is', async () => {
    expect(await fuzz(target, sending('sound', [...texts, 1, null, []]))).toEqual([]);
  });

  it.each([
    ['fails on U+0000', /^status 500: curl .*\\u0000/, 1],
    ['writes, then refuses', /^refused, but written in public.note \[7\]: curl .*"odd"/, 1],
    ['gives values back', /^gives the canary back: curl/, 1],
    ['shows its database', /^shows what is inside: curl/, texts.length],
    ['answers without a problem', /^is application\/json.*, no problem: curl/, texts.length],
  ])('names the request that shows a service that %s', async (service, report, times) => {
    const found = await fuzz(target, sending(service, texts));
    expect(found).toEqual(Array.from({ length: times }, () => expect.stringMatching(report)));
  });

  it('names every header that protects and is missing', async () => {
    const found = await fuzz(target, sending('forgets to protect', ['a']));
    expect(found.map((what) => what.split(':')[0])).toEqual([
      'without x-content-type-options',
      'without content-security-policy',
      'without referrer-policy',
    ]);
  });

  it('finds what is taken although no route knows its members', async () => {
    const wrong = sending('sound', ['a']).map((request) => ({ ...request, isWrong: true }));
    expect(await fuzz(target, wrong)).toEqual([expect.stringMatching(/^taken, and should not be: curl/)]);
    expect(
      await fuzz(
        target,
        wrong.map((request) => ({ ...request, payload: '{}' })),
      ),
    ).toEqual([]);
  });

  it('finds what is written the first time only by what is wrong, among what is taken', async () => {
    written = 0;
    const service = 'writes the first time only';
    const wrong = sending(service, ['odd']).map((request) => ({ ...request, isWrong: true }));
    const report = 'refused, but written in public.note, by one of 1 and the first time only';
    expect(await fuzz(target, [...sending(service, ['fits', 'fits']), ...wrong])).toEqual([report]);
  });

  it.each([
    ['{"plain":"a"}', false],
    ['{"plain":"a","id":1}', true],
    ['{"plain":', true],
    ['"plain"', true],
    ['', false],
  ])('knows whether %j is wrong whatever the route thinks', (text, isWrong) => {
    const bodies = (properties: object): Bodies =>
      new Bodies(new ApiDescription({ paths: {}, components: { schemas: {} } }), { properties: { ...properties } }, {});
    expect(bodies({ plain: {} }).isWrong(text)).toBe(isWrong);
    expect(bodies({}).isWrong(text)).toBe(false);
  });

  it('finds what takes too long, unless it was only busy', async () => {
    const slow = (alone: number): FuzzTarget => {
      let asked = 0;
      return {
        ...target,
        send: async (request) => ({ ...(await target.send(request)), milliseconds: asked++ === 0 ? 1_001 : alone }),
      };
    };
    expect(await fuzz(slow(1_200), sending('sound', ['a']))).toEqual([expect.stringMatching(/^took 1200 ms: curl/)]);
    expect(await fuzz(slow(5), sending('sound', ['a']))).toEqual([]);
  });

  it('makes bodies of whatever it picks, and the same again', () => {
    const text = { type: 'string' };
    const schema = { properties: { plain: text, chosen: { enum: ['a', 'b'] }, short: { ...text, maxLength: 5 } } };
    const bodies = new Bodies(new ApiDescription({ paths: {}, components: { schemas: {} } }), schema, {});
    const some = (): string[] => {
      const random = new Random(7);
      return Array.from({ length: 20_000 }, () => JSON.stringify(bodies.mutant(random)));
    };
    expect(some()).toEqual(some());
  });

  it('sends the same again with the same seed', () => {
    const some = (seed: number): number[] => {
      const random = new Random(seed);
      return Array.from({ length: 20 }, () => random.below(1_000));
    };
    expect(some(7)).toEqual(some(7));
    expect(some(7)).not.toEqual(some(8));
  });
});
