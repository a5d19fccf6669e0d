import type { Hospital } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import type { TestApi, TestCaller } from '../../../testing/test-api.js';
import type { TestWards } from '../../../testing/test-ward.js';
import type { Notice } from '../planning/notifier.service.js';

export async function patientWithPhone(wards: TestWards): Promise<{ id: string; phone: string }> {
  const id = await wards.patient('Lovelace');
  const phone = `+35387${String(Math.floor(Math.random() * 1e7)).padStart(7, '0')}`;
  await wards.query('update {schema}.patient set phone = $2 where id = $1', [id, phone]);
  return { id, phone };
}

export async function doctorWithDevice(api: TestApi, hospital: Hospital): Promise<TestCaller & { token: string }> {
  const user = await api.signIn({ hospital, role: 'doctor' });
  const token = `device-${uuidv7()}`;
  const payload = { token, platform: 'ios' };
  await api.send({ method: 'POST', url: '/api/v1/notifications/register-token', payload }, user);
  return { ...user, token };
}

/** Says what must not be read on a locked screen. */
export const noticeTo = (recipient: Notice['recipient'], more: Partial<Notice> = {}): Notice => ({
  dedupeKey: uuidv7(),
  code: 'message',
  params: { title: 'Biopsy of Ada Lovelace', body: 'HIV clinic, Dr. Otieno' },
  recipient,
  priority: 'normal',
  expiresAt: new Date(Date.now() + 3_600_000),
  ...more,
});
