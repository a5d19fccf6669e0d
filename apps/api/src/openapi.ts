import 'reflect-metadata';
import { writeFile } from 'node:fs/promises';
import { createApplication } from './application.js';
import { ApiConfig } from './platform/config/api-config.js';
import { ApiDocument } from './platform/docs/api-document.js';

const [target] = process.argv.slice(2);
if (target === undefined) throw new Error('usage: openapi.js <file to write>');
const { nest } = await createApplication(new ApiConfig(process.env));
await writeFile(target, `${JSON.stringify(nest.get(ApiDocument, { strict: false }).get(), null, 2)}\n`);
await nest.close();
