import { describe, expect, it } from '@jest/globals';
import { fastify } from 'fastify';
import { declaresIdempotency } from '../idempotency/idempotency-check.js';
import { RouteInventory } from './route-inventory.js';
import type { AccessRule } from './access-rule.js';

const rule: AccessRule = { kind: 'permission', permission: 'patient:read', scope: 'hospital' };

describe('the route inventory', () => {
  it('refuses an application with a route that declares no access', () => {
    const app = fastify();
    const inventory = new RouteInventory(app);
    app.get('/open', () => 'anybody');
    expect(() => inventory.verified()).toThrow('GET /open: @Access or @Public and @Returns');
  });

  it('refuses a route that does not say what it returns', () => {
    const app = fastify();
    const inventory = new RouteInventory(app);
    app.get('/vague', { config: { access: rule } }, () => 'anything');
    expect(() => inventory.verified()).toThrow('GET /vague: @Returns');
  });

  it('refuses a creating route that does not say what its repetition does', () => {
    const app = fastify();
    const inventory = new RouteInventory(app, [declaresIdempotency]);
    app.post('/patients', { config: { access: rule, returns: 201 } }, () => 'another one');
    expect(() => inventory.verified()).toThrow('POST /patients: @Idempotent or @NotIdempotent');
  });

  it('lists every method of every declared route, the implied HEAD too', () => {
    const app = fastify();
    const inventory = new RouteInventory(app);
    app.get('/patients', { config: { access: rule, returns: 200 } }, () => []);
    expect(inventory.verified().map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /patients',
      'HEAD /patients',
    ]);
  });
});
