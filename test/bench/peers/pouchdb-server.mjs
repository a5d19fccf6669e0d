import { createRequire } from 'node:module';
import { join } from 'node:path';

// From where the bench put it: it is no part of the project.
const require = createRequire(join(process.argv[2] ?? '', 'package.json'));
const PouchDB = require('pouchdb-core').plugin(require('pouchdb-adapter-memory')).plugin(require('pouchdb-mapreduce'));
const app = require('express')();
app.use(
  '/',
  require('express-pouchdb')(PouchDB.defaults({ adapter: 'memory' }), {
    mode: 'minimumForPouchDB',
    inMemoryConfig: true,
  }),
);
const server = app.listen(0, '127.0.0.1', () => process.send?.(server.address().port));
process.on('disconnect', () => process.exit());
