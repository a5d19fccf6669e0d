import { OperatorError } from '@hms/database';
import { type Command, InvalidArgumentError } from 'commander';
import { readDemoFile, type DemoFile } from '../demo/demo-file.js';
import { ApiSession, type Credentials } from './api-session.js';
import { busyWard, demoHospital, demoNurse, findWard } from './choose-ward.js';
import { watchWard } from './watch-ward.js';

interface WatchOptions {
  readonly ward?: string;
  readonly hospital?: string;
  readonly demo?: string;
  readonly email?: string;
  readonly password?: string;
  readonly url?: string;
  readonly once?: true;
  readonly for: number;
}

interface Target {
  readonly baseUrl: string;
  readonly credentials: Credentials;
  readonly ward: string;
}

export function registerWatch(program: Command): void {
  program
    .command('watch')
    .description("Show a ward's vitals as they arrive; without options, a ward of the demo.")
    .option('--ward <name>', 'name, code or id of the ward')
    .option('--hospital <slug>', 'in which hospital')
    .option('--demo <file>', 'demo file with address and logins', process.env['HMS_DEMO_FILE'])
    .option('--email <email>', 'sign in as this user instead of a nurse of the demo')
    .option(
      '--password <password>',
      'better in HMS_PASSWORD, which other users cannot see',
      process.env['HMS_PASSWORD'],
    )
    .option('--url <url>', 'public address of the platform')
    .option('--once', 'print the table once and end')
    .option('--for <s>', 'end after so many seconds', seconds, Infinity)
    .action(watch);
}

async function watch(options: WatchOptions): Promise<void> {
  const target = targetOf(options, options.demo === undefined ? undefined : await readDemoFile(options.demo));
  const session = new ApiSession(target.baseUrl, target.credentials);
  const ward = await findWard(session, target.ward);
  await watchWard({ baseUrl: target.baseUrl, session, ward, once: options.once === true, forMs: options.for * 1_000 });
}

/** Options first, the demo for whatever they leave open. */
function targetOf(options: WatchOptions, demo: DemoFile | undefined): Target {
  const hospital = demo && demoHospital(demo, options.hospital);
  const baseUrl = options.url ?? demo?.baseUrl;
  const ward = options.ward ?? (hospital && busyWard(hospital));
  const credentials = givenCredentials(options) ?? (hospital && demoNurse(hospital));
  if (baseUrl === undefined || ward === undefined || credentials === undefined) {
    throw new OperatorError('Without a demo file, give --url, --ward, --email and --password.');
  }
  return { baseUrl, ward, credentials };
}

function givenCredentials({ email, password, hospital }: WatchOptions): Credentials | undefined {
  if (email === undefined) return undefined;
  if (password === undefined) throw new OperatorError('Give --password too, or set HMS_PASSWORD.');
  return { email, password, ...(hospital === undefined ? {} : { hospital }) };
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It must be a number of seconds above 0.');
  return value;
}
