import { toProblem } from '@hms/contracts';
import { liveError } from './live.errors.js';
import type { LiveSocket } from './live-socket.js';

const known = new Set(['refresh']);
const maxEvents = 30;
const perMs = 60_000;

/** Keeps what a client may send to the events there are and to a rate no honest client reaches. */
export function guardEvents(socket: LiveSocket): void {
  let since = Date.now();
  let count = 0;
  // Broken packets: Socket.IO closes the connection and would else report them on the console.
  socket.on('error', () => undefined);
  socket.use(([event], next) => {
    const now = Date.now();
    if (now - since > perMs) [since, count] = [now, 0];
    count += 1;
    if (count > maxEvents) {
      socket.emit('exception', toProblem(liveError('live.too-many-events'), socket.id));
      socket.disconnect(true);
    } else if (known.has(event)) {
      next();
    } else {
      socket.emit('exception', toProblem(liveError('live.unknown-event'), socket.id));
    }
  });
}
