import { App } from 'uWebSockets.js';
App().post('/*', (res) => { res.onAborted(() => {}); res.onData((c, last) => { if (last) res.cork(() => res.writeHeader('content-type', 'application/json').end('{"accepted":1}')); }); }).listen('127.0.0.1', 22990, () => {});
