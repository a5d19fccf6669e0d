/** Migrates everything, in a process that a test may kill: `node migrate-child.mjs <owner's direct URL>`. */
import { migrateAll, withOwner } from '../../dist/index.js';

await withOwner(process.argv[2], (owner) => migrateAll(owner));
