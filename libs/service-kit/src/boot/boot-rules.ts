import { type Deployment, isLoopback, type SecretFile } from './deployment.js';
import { estimatedBits, isKey, isPublished, keyBits, passwordBits } from './secret-strength.js';

/** Something a service does not start with, in production. */
export interface BootRule {
  readonly why: string;
  /** Applies to a deployment that only its own machine can reach, too. */
  readonly everywhere: boolean;
  /** The variables that break it. */
  readonly brokenBy: (deployment: Deployment) => readonly string[];
}

type UrlTest = (url: URL, variable: string) => boolean;

const urls = (test: UrlTest) => (deployment: Deployment) =>
  [...deployment.urls].filter(([variable, url]) => test(url, variable)).map(([variable]) => variable);
const secretFiles = (test: (file: SecretFile) => boolean) => (deployment: Deployment) =>
  deployment.secretFiles.filter(test).map(({ variable }) => variable);
const holding = (kind: SecretFile['holds'], test: (secret: string) => boolean) =>
  secretFiles(({ holds, secrets: found }) => holds === kind && found.some(test));
const variables =
  (name: string | RegExp, test: (value: string) => boolean) =>
  ({ env }: Deployment) =>
    Object.entries(env).flatMap(([variable, value]) => {
      const isNamed = typeof name === 'string' ? variable === name : name.test(variable);
      return isNamed && value !== undefined && value !== '' && test(value) ? [variable] : [];
    });
const set = (): boolean => true;

const isPostgres = ({ protocol }: URL): boolean => /^postgres(ql)?:$/.test(protocol);
const isRedis = ({ protocol }: URL): boolean => /^rediss?:$/.test(protocol);
const isServer = (url: URL): boolean => isPostgres(url) || isRedis(url);
const password = (url: URL): string => decodeURIComponent(url.password);
const isRemote = ({ hostname }: URL): boolean => !isLoopback(hostname);
const sslmode = (url: URL): string => url.searchParams.get('sslmode') ?? '';
const isSmtpInClear = (url: URL): boolean => url.protocol === 'smtp:' && url.searchParams.get('requireTLS') !== 'true';
/** Larger than any private network (10.0.0.0/8, fc00::/7): two of them could cover the internet. */
function isVast(network: string): boolean {
  const [address = '', prefix] = network.split('/');
  const isEverything = ['*', '0.0.0.0', '::'].includes(address);
  return isEverything || (prefix !== undefined && Number(prefix) < (address.includes(':') ? 7 : 8));
}
const origins = (list: string): URL[] =>
  list.split(',').flatMap((origin) => (URL.canParse(origin.trim()) ? [new URL(origin.trim())] : []));

const secrets: readonly BootRule[] = [
  {
    why: 'cannot be read or holds no secret',
    everywhere: true,
    brokenBy: secretFiles((file) => file.secrets.length === 0),
  },
  {
    why: 'may be read by others than its owner (chmod 600)',
    everywhere: true,
    brokenBy: secretFiles(({ isShared }) => isShared),
  },
  {
    why: `holds a secret of less than ${keyBits} random bits`,
    everywhere: true,
    brokenBy: holding('keys', (secret) => !isKey(secret)),
  },
  {
    why: `holds a token of less than ${passwordBits} random bits`,
    everywhere: true,
    brokenBy: holding('token', (token) => estimatedBits(token) < passwordBits),
  },
  {
    why: 'holds a secret that is published or an example',
    everywhere: true,
    brokenBy: secretFiles(({ secrets: found }) => found.some(isPublished)),
  },
  { why: 'holds a secret that has another purpose already', everywhere: true, brokenBy: reused },
  {
    why: 'may be changed by others than its owner (chmod 700)',
    everywhere: true,
    brokenBy: ({ folders }) => folders.filter(({ isShared }) => isShared).map(({ variable }) => variable),
  },
];

const servers: readonly BootRule[] = [
  { why: 'needs a password', everywhere: false, brokenBy: urls((url) => isServer(url) && url.password === '') },
  {
    why: 'has a password that is published or an example',
    everywhere: false,
    brokenBy: urls((url) => url.password !== '' && isPublished(password(url))),
  },
  {
    why: `has a password of less than ${passwordBits} random bits`,
    everywhere: false,
    brokenBy: urls((url) => isServer(url) && url.password !== '' && estimatedBits(password(url)) < passwordBits),
  },
  {
    why: 'connects as a superuser or as the owner of the database',
    everywhere: true,
    brokenBy: urls(
      (url, variable) =>
        variable === 'DATABASE_URL' &&
        /^(postgres|root|admin|rdsadmin|cloudsqlsuperuser|azure_superuser|hms_owner|)$/i.test(
          decodeURIComponent(url.username),
        ),
    ),
  },
  {
    why: 'leaves this machine in clear: use sslmode=verify-full',
    everywhere: true,
    brokenBy: urls((url) => isPostgres(url) && isRemote(url) && !/^verify-(full|ca)$/.test(sslmode(url))),
  },
  {
    why: 'leaves this machine in clear: use rediss',
    everywhere: true,
    brokenBy: urls((url) => url.protocol === 'redis:' && isRemote(url)),
  },
  {
    why: 'leaves this machine in clear: use https',
    everywhere: true,
    brokenBy: urls((url) => /^(http|ws):$/.test(url.protocol) && isRemote(url)),
  },
  {
    why: 'leaves this machine in clear: use smtps or requireTLS=true',
    everywhere: true,
    brokenBy: urls((url) => isSmtpInClear(url) && isRemote(url)),
  },
  {
    why: 'takes the keys of an identity provider from this machine, as tests do',
    everywhere: false,
    brokenBy: urls((url, variable) => variable.endsWith('_JWKS_URL') && !isRemote(url)),
  },
  {
    why: 'turns off the verification of certificates',
    everywhere: true,
    brokenBy: urls(
      ({ searchParams: query }) =>
        query.get('rejectUnauthorized') === 'false' ||
        query.get('tls.rejectUnauthorized') === 'false' ||
        query.get('sslmode') === 'no-verify' ||
        query.get('tls') === 'insecure',
    ),
  },
];

const settings: readonly BootRule[] = [
  {
    why: 'turns off the verification of certificates',
    everywhere: true,
    brokenBy: variables('NODE_TLS_REJECT_UNAUTHORIZED', (value) => value === '0'),
  },
  {
    why: 'opens a debugger or weakens the protocols',
    everywhere: true,
    brokenBy: variables('NODE_OPTIONS', (value) => /--(inspect|insecure-http-parser|tls-min-v1\.[01])/.test(value)),
  },
  {
    why: 'writes what passes through libraries to the log',
    everywhere: true,
    brokenBy: variables(/^(DEBUG|NODE_DEBUG|NODE_DEBUG_NATIVE)$/, set),
  },
  {
    why: 'writes the keys of TLS sessions to a file',
    everywhere: true,
    brokenBy: variables('SSLKEYLOGFILE', set),
  },
  { why: 'names an emulator, which verifies nothing', everywhere: true, brokenBy: variables(/_EMULATOR_HOST$/, set) },
  {
    why: 'lets everything be logged',
    everywhere: false,
    brokenBy: variables('LOG_LEVEL', (value) => /^(debug|trace)$/.test(value)),
  },
  { why: 'hides what goes wrong', everywhere: false, brokenBy: variables('LOG_LEVEL', (value) => value === 'silent') },
  {
    why: 'as good as turns rate limits off',
    everywhere: false,
    brokenBy: variables('RATE_LIMIT_FACTOR', (value) => Number(value) > 100),
  },
  {
    why: 'believes every address about where a request comes from',
    everywhere: true,
    brokenBy: variables('TRUSTED_PROXIES', (value) => value.split(',').some((network) => isVast(network.trim()))),
  },
  {
    why: 'is an example, which nobody can answer',
    everywhere: false,
    brokenBy: variables('MAIL_FROM', (value) =>
      /[@.](example(\.(com|net|org))?|invalid|localhost|test)>?$/i.test(value.trim()),
    ),
  },
  {
    why: 'admits pages that were not sent over https',
    everywhere: true,
    brokenBy: variables('ALLOWED_ORIGINS', (value) =>
      origins(value).some((origin) => origin.protocol === 'http:' && isRemote(origin)),
    ),
  },
  {
    why: 'admits every page',
    everywhere: true,
    brokenBy: variables('ALLOWED_ORIGINS', (value) => /(^|,)\s*(\*|null)\s*(,|$)/.test(value)),
  },
];

export const bootRules: readonly BootRule[] = [...secrets, ...servers, ...settings];

/** A password may come with several variables of the same login; a key with one only, and once. */
function reused(deployment: Deployment): string[] {
  const logins = new Map<string, Set<string>>();
  for (const url of deployment.urls.values()) {
    if (url.password === '') continue;
    const known = logins.get(password(url)) ?? new Set<string>();
    logins.set(password(url), known.add(`${url.protocol}${url.username}`));
  }
  const seen = new Set(logins.keys());
  const again = deployment.secretFiles.flatMap(({ variable, secrets: found }) =>
    found.flatMap((secret) => {
      const isAgain = seen.has(secret);
      seen.add(secret);
      return isAgain ? [variable] : [];
    }),
  );
  const shared = urls((url) => (logins.get(password(url))?.size ?? 0) > 1)(deployment);
  return [...new Set([...again, ...shared])];
}
