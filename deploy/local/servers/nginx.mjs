import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { give } from '../lib/account.mjs';
import { ensureCertificate } from '../lib/certificate.mjs';
import { writePrivate } from '../lib/files.mjs';
import { touchLog } from '../lib/logs.mjs';
import { answers } from '../lib/probe.mjs';
import { ROOT } from '../lib/settings.mjs';
import { render } from '../lib/template.mjs';

/** @import { Account } from '../lib/account.mjs' */
/** @import { Certificate } from '../lib/certificate.mjs' */
/** @import { Service } from '../lib/supervisor.mjs' */
/** @import { Binary } from './locate.mjs' */
/** @import { Place } from './place.mjs' */

/**
 * Nginx with the routes of `nginx/`.
 * @param {Place} place
 * @param {Binary} binary
 * @returns {Promise<Service>}
 */
export async function nginxService(place, binary) {
  const { account, data, ports } = place;
  const folder = join(data, 'nginx');
  writeNginxConfig(place, folder, await ensureCertificate(folder, account));
  return {
    name: 'nginx',
    tier: 4,
    port: ports.nginx,
    command: {
      file: binary.file,
      args: ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')],
      env: binary.env,
      cwd: data,
      account,
    },
    ready: () => answers(`http://127.0.0.1:${ports.nginx}/`),
    stopSignals: ['SIGQUIT', 'SIGTERM'],
    graceMs: 2000,
  };
}

/**
 * Writes all that Nginx reads to a folder: it may not be able to enter the checkout.
 * @param {Pick<Place, 'account' | 'data' | 'ports'>} place
 * @param {string} folder
 * @param {Certificate} certificate
 */
export function writeNginxConfig({ account, data, ports }, folder, { certificate, key }) {
  const source = join(ROOT, 'nginx');
  for (const name of ['hms', 'html']) {
    rmSync(join(folder, name), { recursive: true, force: true });
    cpSync(join(source, name), join(folder, name), { recursive: true });
    giveAll(join(folder, name), account);
  }
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary, { recursive: true, mode: 0o700 });
  give(temporary, account);
  const values = {
    LISTEN: `127.0.0.1:${ports.nginx}`,
    LISTEN_TLS: `127.0.0.1:${ports.tls}`,
    TLS_CERTIFICATE: quote(certificate),
    TLS_KEY: quote(key),
    API_SERVERS: upstreams(ports.api),
    INGEST_SERVERS: upstreams(ports.ingest),
    HTML_ROOT: quote(join(folder, 'html')),
    ACCESS_LOG: quote(touchLog(join(data, 'log', 'access.log'), account)),
  };
  const template = readFileSync(join(source, 'hms.conf.template'), 'utf8');
  writePrivate(join(folder, 'hms.conf'), render(template, values), account);
  writePrivate(join(folder, 'nginx.conf'), mainConfig(folder, temporary), account);
}

/**
 * @param {string} folder
 * @param {string} temporary
 */
function mainConfig(folder, temporary) {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `# Written at every start.
daemon off;
worker_processes 2;
worker_rlimit_nofile 16384;
pid ${quote(join(folder, 'nginx.pid'))};
# Messages below this level quote the request, which may name a patient.
error_log stderr crit;
events { worker_connections 8192; }
http {
${kinds.map((kind) => `  ${kind}_temp_path ${quote(join(temporary, kind))};`).join('\n')}
  include hms.conf;
}
`;
}

/** @param {number[]} ports */
const upstreams = (ports) => ports.map((port) => `server 127.0.0.1:${port} max_fails=0;`).join('\n  ');

/** @param {string} path */
const quote = (path) => `"${path.replaceAll(/["\\$]/g, '\\$&')}"`;

/**
 * @param {string} path
 * @param {Account | null} account
 */
function giveAll(path, account) {
  give(path, account);
  if (!statSync(path).isDirectory()) return;
  for (const name of readdirSync(path)) giveAll(join(path, name), account);
}
