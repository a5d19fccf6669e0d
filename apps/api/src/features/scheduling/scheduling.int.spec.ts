import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { encodeCursor } from '../../platform/http/page.js';
import type { ResourceDto, ResourcePageDto } from './resources/resources.dto.js';
import type { ExceptionDto, ExceptionPageDto } from './rules/exceptions.dto.js';
import type { RuleDto, RulePageDto } from './rules/rules.dto.js';
import type { ServiceDto, ServicePageDto } from './services/services.dto.js';
import type { SiteDto, SitePageDto } from './sites/sites.dto.js';
import type { SlotDto, SlotPageDto } from './slots/slots.dto.js';
import { formatDay, weekdayOf } from '@hms/scheduling';

let api: TestApi;
let hospital: Hospital;
let admin: TestCaller;
let patient: TestCaller;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  [admin, patient] = [
    await api.signIn({ hospital, role: 'hospital_admin' }),
    await api.signIn({ hospital, role: 'patient' }),
  ];
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

interface Refusal {
  readonly code: string;
  readonly errors?: { readonly field: string }[];
}
const get = async <T>(url: string, caller = admin) =>
  (await api.send<T>({ method: 'GET', url: `/api/v1${url}` }, caller)).body;
const post = <T = Refusal>(url: string, payload: object) =>
  api.send<T>({ method: 'POST', url: `/api/v1${url}`, payload }, admin);
const made = async <T>(url: string, payload: object): Promise<T> => {
  const { status, body } = await post<T>(url, payload);
  expect({ status, url }).toEqual({ status: 201, url });
  return body;
};
const patch = <T = Refusal>(url: string, version: number, payload: object) =>
  api.send<T>({ method: 'PATCH', url: `/api/v1${url}`, payload, headers: { 'if-match': `"${version}"` } }, admin);
const remove = (url: string, version: number) =>
  api.send({ method: 'DELETE', url: `/api/v1${url}`, headers: { 'if-match': `"${version}"` } }, admin);

let count = 0;
const name = (what: string): string => `${what} ${String((count += 1))}`;
const site = (tz = 'Africa/Nairobi') => made<SiteDto>('/sites', { name: name('Site'), tz });
const service = (more: object = {}) =>
  made<ServiceDto>('/services', { name: name('Service'), durationMin: 30, ...more });
const provider = (siteId: string, more: object = {}) =>
  made<ResourceDto>('/resources', { kind: 'provider', name: name('Dr'), siteId, ...more });

/** Days from today, as numbers and as dates. */
const today = Math.floor(Date.now() / 86_400_000);
const day = (ahead: number): string => formatDay(today + ahead);
const weekday = (ahead: number): number => weekdayOf(today + ahead);
const hours = { localStart: '09:00', localEnd: '10:00', slotMin: 30 };

describe('sites, services and resources', () => {
  it('are made, listed by name, and changed by who read the version', async () => {
    const { id, name: siteName } = await site();
    const [aService, aProvider] = [await service({ bufferAfterMin: 10 }), await provider(id)];
    for (const [url, item] of [
      ['/sites', { id }],
      ['/services', aService],
      ['/resources', aProvider],
    ] as const) {
      const page = await get<SitePageDto | ServicePageDto | ResourcePageDto>(`${url}?limit=100`);
      const names = page.items.map((each) => each.name);
      expect(names).toEqual(names.toSorted((a, b) => (a < b ? -1 : 1)));
      expect(page.items).toContainEqual(expect.objectContaining({ id: item.id }));
      expect(await patch(`${url}/${item.id}`, 1, { active: false })).toMatchObject({
        status: 200,
        body: { active: false, version: 2 },
      });
      expect((await patch(`${url}/${item.id}`, 1, { active: true })).body.code).toBe('precondition.failed');
    }
    expect((await post('/sites', { name: siteName, tz: 'UTC' })).body.code).toBe('site.name-taken');
    expect((await post('/services', { name: aService.name, durationMin: 5 })).body.code).toBe('service.name-taken');
  });

  it('refuse a zone that is none, and what is not in use', async () => {
    for (const tz of ['Mars/Olympus', '+03:00', 'EST5EDT4']) {
      expect((await post('/sites', { name: name('Site'), tz })).body.errors).toMatchObject([{ field: 'tz' }]);
    }
    const { id } = await site();
    await patch(`/sites/${id}`, 1, { active: false });
    const refused = await post('/resources', { kind: 'room', name: 'Room', siteId: id });
    expect(refused.body.errors).toMatchObject([{ field: 'siteId' }]);
  });

  it('give an account to one provider only, and to no room', async () => {
    const { id } = await site();
    const { id: userId } = await api.signIn({ hospital, role: 'doctor' });
    await provider(id, { userId });
    expect((await post('/resources', { kind: 'provider', name: 'x', siteId: id, userId })).body.code).toBe(
      'resource.user-taken',
    );
    const room = await post('/resources', { kind: 'room', name: 'x', siteId: id, userId });
    expect(room.body.errors).toMatchObject([{ field: 'userId' }]);
  });
});

describe('a schedule', () => {
  it('of rules and exceptions says when a provider can be booked', async () => {
    const [{ id: siteId }, { id: serviceId }] = [await site(), await service()];
    const { id } = await provider(siteId, { capacity: 2 });
    const rule = await made<RuleDto>(`/resources/${id}/schedule-rules`, { ...hours, siteId, weekday: weekday(2) });
    const slots = async (query = '', caller = admin) =>
      (
        await get<SlotPageDto>(
          `/slots?providerId=${id}&serviceId=${serviceId}&from=${day(1)}&to=${day(3)}${query}`,
          caller,
        )
      ).items;
    const shown = (found: readonly SlotDto[]) => found.map(({ start, seatsFree }) => [start, seatsFree]);
    // Nairobi is three hours ahead of UTC.
    const nine = [`${day(2)}T06:00:00.000Z`, 2];
    const halfPast = [`${day(2)}T06:30:00.000Z`, 2];
    expect(shown(await slots())).toEqual([nine, halfPast]);
    const closed = await made<ExceptionDto>(`/resources/${id}/schedule-exceptions`, {
      siteId,
      kind: 'closed',
      firstDay: day(2),
      localStart: '09:15',
      localEnd: '09:30',
      reason: 'Surgery of her own',
    });
    const exceptionsSeen = async (caller: TestCaller) =>
      (await get<ExceptionPageDto>(`/resources/${id}/schedule-exceptions`, caller)).items.map(({ reason }) => reason);
    // Why somebody is not there is not for patients.
    expect([await exceptionsSeen(admin), await exceptionsSeen(patient)]).toEqual([['Surgery of her own'], [null]]);
    const extra = {
      siteId,
      kind: 'extra',
      firstDay: day(3),
      localStart: '20:00',
      localEnd: '20:30',
      slotMin: 30,
      capacity: 1,
    };
    await made(`/resources/${id}/schedule-exceptions`, extra);
    expect(shown(await slots())).toEqual([halfPast, [`${day(3)}T17:00:00.000Z`, 1]]);
    expect((await remove(`/resources/${id}/schedule-exceptions/${closed.id}`, 1)).status).toBe(204);
    expect((await get<ExceptionPageDto>(`/resources/${id}/schedule-exceptions`)).items).toHaveLength(1);
    const staffOnly = await patch<RuleDto>(`/resources/${id}/schedule-rules/${rule.id}`, 1, {
      bookableBy: 'staff',
      localEnd: '09:30',
    });
    expect(staffOnly.body).toMatchObject({
      ...rule,
      bookableBy: 'staff',
      localEnd: '09:30',
      version: 2,
      updatedAt: expect.any(String),
    });
    expect([(await slots()).length, (await slots('', patient)).length]).toEqual([2, 1]);
    const rulesSeen = async (caller: TestCaller) =>
      (await get<RulePageDto>(`/resources/${id}/schedule-rules`, caller)).items.length;
    expect([await rulesSeen(admin), await rulesSeen(patient)]).toEqual([1, 0]);
    expect((await remove(`/resources/${id}/schedule-rules/${rule.id}`, 2)).status).toBe(204);
    expect((await get<RulePageDto>(`/resources/${id}/schedule-rules`)).items).toEqual([]);
    expect(await slots()).toHaveLength(1);
  });

  it.each([
    ['localStart', { localStart: '9:00' }],
    ['weekday', { weekday: 8 }],
    ['validUntil', { validFrom: '2026-02-02', validUntil: '2026-02-01' }],
    ['validFrom', { validFrom: '2026-02-30' }],
    ['serviceIds', { serviceIds: [crypto.randomUUID()] }],
  ])('refuses a rule for its %s', async (field, values) => {
    const { id: siteId } = await site();
    const { id } = await provider(siteId);
    const refused = await post(`/resources/${id}/schedule-rules`, { ...hours, siteId, weekday: 1, ...values });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ field }] } });
  });

  it.each([
    ['slotMin', { kind: 'extra', localStart: '09:00', localEnd: '10:00' }],
    ['localStart', { kind: 'extra', slotMin: 30 }],
    ['localEnd', { kind: 'closed', localStart: '09:00' }],
    ['capacity', { kind: 'capacity' }],
    ['capacity', { kind: 'closed', capacity: 2 }],
    ['lastDay', { kind: 'closed', lastDay: '2025-12-31' }],
    ['lastDay', { kind: 'closed', lastDay: '2027-06-01' }],
  ])('refuses an exception for its %s: %j', async (field, values) => {
    const { id: siteId } = await site();
    const { id } = await provider(siteId);
    const refused = await post(`/resources/${id}/schedule-exceptions`, { siteId, firstDay: '2026-01-01', ...values });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ field }] } });
  });
});

describe('a search for slots', () => {
  it('comes in pages, sees days as the site or the viewer counts them, and refuses a window that is none', async () => {
    const [{ id: siteId }, { id: serviceId }] = [await site('Pacific/Kiritimati'), await service()];
    const { id } = await provider(siteId);
    for (let n = 1; n <= 7; n += 1) {
      await made(`/resources/${id}/schedule-rules`, {
        siteId,
        weekday: n,
        localStart: '00:00',
        localEnd: '00:00',
        slotMin: 60,
      });
    }
    const base = `/slots?providerId=${id}&serviceId=${serviceId}`;
    const ofDay = async (of: string, tz: string) =>
      (await get<SlotPageDto>(`${base}&from=${of}&to=${of}&tz=${tz}`)).items.map(({ start }) =>
        new Date(start).toLocaleDateString('sv-SE', { timeZone: tz }),
      );
    for (const tz of ['Pacific/Kiritimati', 'America/New_York']) {
      expect(await ofDay(day(5), tz)).toEqual(Array.from({ length: 24 }, () => day(5)));
    }
    const all = (await get<SlotPageDto>(`${base}&from=${day(5)}&to=${day(6)}`)).items;
    expect(all).toHaveLength(48);
    expect(
      all.map(({ start }) => new Date(start).toLocaleDateString('sv-SE', { timeZone: 'Pacific/Kiritimati' })),
    ).toEqual([5, 6].flatMap((ahead) => Array.from({ length: 24 }, () => day(ahead))));
    const paged: SlotDto[] = [];
    for (let cursor = ''; ;) {
      const page = await get<SlotPageDto>(`${base}&from=${day(5)}&to=${day(6)}&limit=13${cursor}`);
      paged.push(...page.items);
      if (page.nextCursor === null) break;
      cursor = `&cursor=${page.nextCursor}`;
    }
    expect(paged).toEqual(all);
    // A cursor may say any number, also one that is no time.
    for (const start of [8.64e15, Number.MAX_SAFE_INTEGER]) {
      const cursor = encodeCursor([start, id, serviceId]);
      const beyond = await get<SlotPageDto>(`${base}&from=${day(5)}&to=${day(6)}&cursor=${cursor}`);
      expect(beyond).toEqual({ items: [], nextCursor: null });
    }
    for (const window of [`from=${day(3)}&to=${day(2)}`, `from=${day(0)}&to=${day(200)}`]) {
      expect((await get<Refusal>(`${base}&${window}`)).errors).toMatchObject([{ field: 'to' }]);
    }
  });
});
