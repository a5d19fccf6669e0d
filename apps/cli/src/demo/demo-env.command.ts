import { OperatorError } from '@hms/database';
import type { Command } from 'commander';
import { type DemoFile, requireDemoFile } from './demo-file.js';

export function registerDemoEnv(demo: Command): void {
  demo
    .command('env')
    .description('Print the first demo hospital as shell variables: eval "$(hms demo env)".')
    .requiredOption('--demo <file>', 'the demo file', process.env['HMS_DEMO_FILE'])
    .action(async (options: { demo: string }) => {
      process.stdout.write(shellVariables(await requireDemoFile(options.demo)));
    });
}

/** One `NAME='value'` a line. The patient is the one the device is assigned to. */
export function shellVariables({ baseUrl, hospitals }: DemoFile): string {
  const [hospital] = hospitals;
  const nurse = hospital?.users.find((user) => user.role === 'nurse');
  const device = hospital?.devices[0];
  if (!nurse || !device) throw new OperatorError('The demo has no nurse or no device. Run `hms demo seed --reset`.');
  const variables = {
    HMS: baseUrl,
    HOSPITAL: hospital.slug,
    EMAIL: nurse.email,
    PASSWORD: nurse.password,
    GATEWAY_KEY: hospital.gatewayKey,
    DEVICE: device.id,
    PATIENT: device.patientId,
    WARD: device.wardId,
  };
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${quoted(value)}\n`)
    .join('');
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
