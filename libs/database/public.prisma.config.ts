import { fileURLToPath } from 'node:url';
import { defineConfig } from 'prisma/config';

// The CLI wants a native engine, which is a download, although generating needs none. The script refuses to do more.
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= fileURLToPath(
  new URL('tools/schema-engine-unavailable', import.meta.url),
);

export default defineConfig({ schema: '../../prisma/public.prisma' });
