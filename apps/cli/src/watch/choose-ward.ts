import { OperatorError } from '@hms/database';
import { z } from 'zod';
import { type DemoFile, type DemoHospital } from '../demo/demo-file.js';
import { type ApiSession, type Credentials } from './api-session.js';

const wardPage = z.object({
  items: z.array(z.object({ id: z.string(), code: z.string(), name: z.string() })),
  nextCursor: z.string().nullable(),
});
type Ward = z.output<typeof wardPage>['items'][number];

const namesShown = 20;

/** The ward of that name, code or id; the error names those there are. */
export async function findWard(session: Pick<ApiSession, 'get'>, wanted: string): Promise<Ward> {
  const wards = await allWards(session);
  const text = wanted.toLowerCase();
  const ward = wards.find(({ id, code, name }) => [id, code, name].some((known) => known.toLowerCase() === text));
  if (ward) return ward;
  const names = wards.slice(0, namesShown).map(({ name }) => name);
  const more = wards.length > namesShown ? ` and ${String(wards.length - namesShown)} more` : '';
  throw new OperatorError(`No ward is called "${wanted}"; there are ${names.join(', ')}${more}.`);
}

async function allWards(session: Pick<ApiSession, 'get'>): Promise<Ward[]> {
  const wards: Ward[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const from: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: z.output<typeof wardPage> = await session.get(`/api/v1/wards?limit=100${from}`, wardPage);
    wards.push(...page.items);
    cursor = page.nextCursor;
  }
  return wards;
}

/** The hospital of that slug, else the first. */
export function demoHospital(demo: DemoFile, slug: string | undefined): DemoHospital {
  const hospital = slug === undefined ? demo.hospitals[0] : demo.hospitals.find((known) => known.slug === slug);
  if (hospital) return hospital;
  throw new OperatorError(
    `No hospital is called "${slug ?? ''}"; there are ${demo.hospitals.map((known) => known.slug).join(', ')}.`,
  );
}

export function demoNurse({ slug, users }: DemoHospital): Credentials {
  const nurse = users.find((user) => user.role === 'nurse');
  if (!nurse) throw new OperatorError(`The demo file has no nurse for ${slug}; give --email and --password.`);
  return { email: nurse.email, password: nurse.password, hospital: slug };
}

/** The first ward with somebody at a monitor. */
export function busyWard({ wards, devices }: DemoHospital): string | undefined {
  return wards.find((ward) => devices.some((device) => device.wardId === ward.id))?.id;
}
