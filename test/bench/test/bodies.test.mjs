import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { BareConnection } from '../support/bare-connection.mjs';
import { StampedRequest } from '../support/telemetry-bodies.mjs';

/** @import { Answer } from '../support/bare-connection.mjs' */
/** @import { Format } from '../support/telemetry-bodies.mjs' */

const sender = { gatewayKey: 'dk_key_secret', devices: ['mon-1', 'mon-2'] };

/** @param {Format} format */
function stampedTwice(format) {
  const request = new StampedRequest({ host: 'h', path: '/write?db=a' }, sender, { keyed: format === 'json', format });
  return [1, 2].map(() => {
    request.stamp();
    return request.bytes.toString('latin1');
  });
}

test('lines carry the values of the JSON, a device each, and a password instead of a bearer key', () => {
  const [request = ''] = stampedTwice('lines');
  const [head = '', body = ''] = request.split('\r\n\r\n');
  assert.match(head, /^POST \/write\?db=a HTTP\/1\.1\r\n/);
  assert.match(
    head,
    new RegExp(`\r\nAuthorization: Basic ${Buffer.from('gateway:dk_key_secret').toString('base64')}\r\n`),
  );
  assert.match(head, new RegExp(`\r\nContent-Length: ${body.length}$`));
  assert.match(body, /^(vitals,device=mon-[12] hr=72i,rr=14i,spo2=97i,sys=118i,dia=76i,temp=36\.8 \d{13}\n){2}$/);
});

for (const format of /** @type {Format[]} */ (['json', 'lines'])) {
  test(`every reading of ${format} gets the time of its sending, and no two sendings have the same`, () => {
    const times = stampedTwice(format).map((request) =>
      [...request.matchAll(/\b1\d{12}\b/g)].map(([time]) => Number(time)),
    );
    const [first, second] = times.map((all) => [...new Set(all)]);
    assert.deepEqual(
      times.map((all) => all.length),
      [2, 2],
    );
    assert.ok(first?.length === 1 && second?.length === 1 && (second[0] ?? 0) > (first[0] ?? 0));
    assert.ok(Math.abs((first[0] ?? 0) - Date.now()) < 60_000);
  });
}

test('204 is an answer, though it has no length', async () => {
  const server = createServer((socket) => socket.on('data', () => socket.write('HTTP/1.1 204 No Content\r\n\r\n')));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  /** @type {Answer} */
  const answer = await new Promise((resolve, reject) => {
    const onClose = () => reject(new Error('closed'));
    const connection = new BareConnection(
      { host: '127.0.0.1', port },
      {
        onAnswer: (one) => {
          connection.close();
          resolve(one);
        },
        onClose,
      },
    );
    connection.send(Buffer.from('POST / HTTP/1.1\r\n\r\n'));
  });
  server.close();
  assert.deepEqual(answer, { status: 204, body: '' });
});
