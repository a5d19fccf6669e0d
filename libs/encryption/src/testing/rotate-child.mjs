// Rotates the data keys of one hospital, to be killed in the middle: <database> <hospital id> <slug>.
import { withOwner } from '@hms/database';
import { openKeyProvider, readKeySource, rotateDataKeys } from '../../dist/index.js';

const [url, id, slug] = process.argv.slice(2);
const provider = openKeyProvider(readKeySource(process.env));
await withOwner(url, (owner) => rotateDataKeys(owner, provider, [{ id, slug }], { settleMs: 100, batchSize: 50 }));
