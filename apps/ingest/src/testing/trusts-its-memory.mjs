import { FlushWriter } from '../../dist/telemetry/store/flush-writer.js';
import { startWithWriter } from './service-with-writer.mjs';

/** Leaves out the statement that checks whether the assignments are still what they were. */
const unasserted = (statements) => statements.replace(/select 1 \/ [^]*; commit$/, 'commit');
const unchecked = (lane) => ({
  copy: (statements, data) => lane.copy(unasserted(statements), data),
  run: (statements) => lane.run(unasserted(statements)),
  rollback: () => lane.rollback(),
});

await startWithWriter((parts) => new FlushWriter({ ...parts, lane: unchecked(parts.lane) }));
