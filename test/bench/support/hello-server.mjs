import { App, us_socket_local_port as localPort } from 'uWebSockets.js';

// The most a uWebSockets.js server can do: take the same request, read it to its end, and answer with a short text.
App()
  .post('/*', (res) => {
    res.onAborted(() => undefined);
    res.onData((_, isLast) => {
      if (isLast) res.end('ok');
    });
  })
  .listen('127.0.0.1', 0, (socket) => {
    if (!socket) throw new Error('the bare server found no port');
    process.send?.(localPort(socket));
  });
process.once('disconnect', () => process.exit());
