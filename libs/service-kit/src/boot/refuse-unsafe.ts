import { bootRules } from './boot-rules.js';
import { Deployment, isLoopback } from './deployment.js';

/** Of Node itself, of whatever library, of emulators, and of libraries of ours: they count whatever a schema names. */
const everybodys = /^NODE_|^(DEBUG|SSLKEYLOGFILE)$|_EMULATOR_HOST$|_KEYS_FILE$|^KMS_(URL|TOKEN_FILE)$/;

/**
 * What forbids to start with this environment, each with its variable and never with a value.
 * @param own names of the variables that the service reads; those of other programs do not matter
 */
export function bootObstacles(source: Readonly<NodeJS.ProcessEnv>, own: readonly string[]): string[] {
  const names = new Set(own);
  const entries = Object.entries(source).filter(([name]) => names.has(name) || everybodys.test(name));
  const deployment = new Deployment(Object.fromEntries(entries));
  const publicUrl = deployment.urls.get('PUBLIC_URL');
  if ((source['NODE_ENV'] ?? 'production') !== 'production') {
    const isPublic = publicUrl !== undefined && !isLoopback(publicUrl.hostname);
    return isPublic ? ['NODE_ENV (must be production for a PUBLIC_URL others can reach)'] : [];
  }
  return bootRules
    .filter(({ everywhere }) => everywhere || !deployment.isLocal)
    .flatMap(({ why, brokenBy }) => brokenBy(deployment).map((variable) => `${variable} (${why})`));
}

/** @throws an Error that names every variable this service does not start with, and why */
export function refuseUnsafe(source: Readonly<NodeJS.ProcessEnv>, own: readonly string[]): void {
  const obstacles = bootObstacles(source, own);
  if (obstacles.length > 0) throw new Error(`Refusing to start: ${obstacles.join(', ')}`);
}
