import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { roles } from '@hms/contracts';
import { OperatorError } from '@hms/database';
import { z } from 'zod';

const named = z.object({ id: z.uuid(), name: z.string() });

const demoHospital = z.object({
  id: z.uuid(),
  slug: z.string(),
  name: z.string(),
  timezone: z.string(),
  currency: z.string(),
  users: z.array(
    z.object({
      role: z.enum(roles),
      email: z.string(),
      password: z.string(),
      /** Of the authenticator, base 32; only of roles that need one. */
      totpSecret: z.string().optional(),
    }),
  ),
  gatewayKey: z.string(),
  wards: z.array(named),
  /** `id` is the name a gateway sends, not the row's id. */
  devices: z.array(z.object({ id: z.string(), patientId: z.uuid(), wardId: z.uuid() })),
  patients: z.array(named.extend({ mrn: z.string(), birthDate: z.iso.date().nullable() })),
});

const demoFile = z.object({
  baseUrl: z.url(),
  databaseUrl: z.string(),
  databaseDirectUrl: z.string(),
  redisUrl: z.string(),
  hospitals: z.array(demoHospital),
});

/** All a developer of a client needs to use the demo: addresses, logins, a gateway key, who lies where. */
export type DemoFile = z.output<typeof demoFile>;
export type DemoHospital = z.output<typeof demoHospital>;

/**
 * Reads the demo file; undefined when there is none.
 * @throws OperatorError that says what is wrong with it, without quoting it: it holds passwords
 */
export async function readDemoFile(path: string): Promise<DemoFile | undefined> {
  const text = await readFile(path, 'utf8').catch((err: unknown) => {
    if (err instanceof Error && 'code' in err && err.code === 'ENOENT') return undefined;
    throw err;
  });
  if (text === undefined) return undefined;
  const result = demoFile.safeParse(parseJson(text, path));
  if (result.success) return result.data;
  const where = result.error.issues.map((issue) => issue.path.join('.')).join(', ');
  throw new OperatorError(`${path} is not a demo file (${where}). Delete it and run \`hms demo seed\` again.`);
}

/** Reads the demo file a command cannot do without. */
export async function requireDemoFile(path: string): Promise<DemoFile> {
  const demo = await readDemoFile(path);
  if (!demo)
    throw new OperatorError(`There is no demo file at ${path}. \`npm start\` writes one, or \`hms demo seed --out\`.`);
  return demo;
}

/** Writes the file whole or not at all, readable by its owner only; leaves an equal one alone. */
export async function writeDemoFile(path: string, demo: DemoFile): Promise<void> {
  const text = `${JSON.stringify(demo, null, 2)}\n`;
  if ((await readFile(path, 'utf8').catch(() => '')) === text) return chmod(path, 0o600);
  const draft = `${path}.${String(process.pid)}`;
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, path);
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new OperatorError(`${path} is not JSON. Delete it and run \`hms demo seed\` again.`, { cause });
  }
}
