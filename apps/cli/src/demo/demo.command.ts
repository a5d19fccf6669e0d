import { withOwner } from '@hms/database';
import { openKeyProvider, readKeySource } from '@hms/encryption';
import { parseEnv, postgresUrl, redisUrl } from '@hms/service-kit';
import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { registerDemoEnv } from './demo-env.command.js';
import { registerDemoCode } from './demo-code.command.js';
import { readDemoFile, writeDemoFile } from './demo-file.js';
import { demoHospitals, superAdminEmail } from './hospitals.js';
import { deleteDemo, seedDemo } from './seed-demo.js';

const demoEnv = z.object({
  DATABASE_DIRECT_URL: postgresUrl,
  DATABASE_URL: postgresUrl,
  REDIS_URL: redisUrl,
  PUBLIC_URL: z.url(),
});

interface DemoSeedOptions {
  readonly out: string;
  readonly seed: string;
  readonly now: Date;
  readonly reset?: true;
}

export function registerDemo(program: Command): void {
  const demo = program.command('demo').description('Two hospitals to try things on.');
  registerDemoEnv(demo);
  registerDemoCode(demo);
  demo
    .command('seed')
    .description(
      'Create the demo hospitals, or complete them; needs DATABASE_DIRECT_URL, DATABASE_URL, REDIS_URL, PUBLIC_URL and ENCRYPTION_KEYS_FILE.',
    )
    .requiredOption('--out <file>', 'where to write logins, keys and addresses', process.env['HMS_DEMO_FILE'])
    .option('--seed <text>', 'repeat the same people', '42')
    .option('--now <time>', 'RFC 3339; what "today" is', time, new Date())
    .option('--reset', 'delete the demo hospitals and all that is in them first')
    .action(seedToFile);
}

async function seedToFile(options: DemoSeedOptions): Promise<void> {
  const env = parseEnv(demoEnv, process.env);
  const keyProvider = openKeyProvider(readKeySource(process.env));
  const written = await readDemoFile(options.out);
  const { seed, now, reset } = options;
  const wanted = { definitions: demoHospitals, superAdminEmail, seed, now, keyProvider, written };
  const hospitals = await withOwner(env.DATABASE_DIRECT_URL, async (owner) => {
    if (reset) await deleteDemo(owner, wanted);
    return seedDemo(owner, wanted);
  });
  await writeDemoFile(options.out, {
    baseUrl: env.PUBLIC_URL,
    databaseUrl: env.DATABASE_URL,
    databaseDirectUrl: env.DATABASE_DIRECT_URL,
    redisUrl: env.REDIS_URL,
    hospitals,
  });
  const patients = hospitals.reduce((sum, hospital) => sum + hospital.patients.length, 0);
  process.stdout.write(
    `${String(hospitals.length)} hospitals with ${String(patients)} patients; logins and keys are in ${options.out}\n`,
  );
}

function time(text: string): Date {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw new InvalidArgumentError('It must be a time such as 2026-01-05T09:00:00Z.');
  return at;
}
