import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { hostEnvironment } from './environment.js';

const real = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
const pretend = (navigator: object): void => {
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
};

afterEach(() => {
  if (real) Object.defineProperty(globalThis, 'navigator', real);
  else Reflect.deleteProperty(globalThis, 'navigator');
});

describe('the environment of a browser', () => {
  it('lets pages with the same storage take turns (C4)', async () => {
    const request = jest.fn((_: string, work: () => Promise<string>) => work());
    pretend({ locks: { request } });
    expect(await hostEnvironment('ann@one').alone(() => Promise.resolve('done'))).toBe('done');
    expect(request.mock.calls[0]?.[0]).toBe('hms-sync:ann@one');
  });

  it('asks that nothing is evicted (C9)', async () => {
    pretend({ storage: { persist: () => Promise.resolve(false) } });
    expect(await hostEnvironment('x').persist()).toBe(false);
  });

  it('does without both where there is neither', async () => {
    pretend({});
    const environment = hostEnvironment('x');
    expect([await environment.persist(), await environment.alone(() => Promise.resolve(1))]).toEqual([true, 1]);
  });

  it('draws another id each time', () => {
    const { draw, now } = hostEnvironment('x');
    expect(draw(now())).not.toBe(draw(now()));
  });
});
