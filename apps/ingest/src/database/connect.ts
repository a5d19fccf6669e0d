import { connect as openSocket, type Socket } from 'node:net';
import postgres from 'postgres';

interface Target {
  readonly host: readonly string[];
  readonly port: readonly number[];
}

/**
 * A pool of `max` connections that works through PgBouncer in transaction mode: no prepared statements, no session
 * state. A lost connection is opened again by the next query, after at most a second.
 */
export function connectDatabase(url: string, max: number): postgres.Sql {
  const options = {
    max,
    prepare: false,
    fetch_types: false,
    connect_timeout: 5,
    // PgBouncer recycles the connections behind it; ours must not end between two messages of one transaction.
    max_lifetime: null,
    backoff: (attempt: number) => Math.min(0.05 * 2 ** attempt, 1),
    onnotice: () => undefined,
    connection: { application_name: 'hms-ingest' },
    socket: openWithoutDelay,
  };
  return postgres(url, options);
}

/** The driver never sets TCP_NODELAY, and without it each COPY waits twice for a delayed acknowledgement: 90 ms. */
function openWithoutDelay({ host: [host], port: [port] }: Target): Socket {
  if (host === undefined || port === undefined) throw new Error('the database URL names no host');
  return openSocket({ host, port, noDelay: true });
}
