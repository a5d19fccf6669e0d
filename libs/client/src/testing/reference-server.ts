import {
  syncRegistration,
  syncRequest,
  type SyncRegistered,
  type SyncRequest,
  type SyncResponse,
  type SyncRow,
} from '@hms/contracts';
import type { HttpAnswer } from '../environment.js';
import { imageOf, mayHold, Pull } from './reference-pull.js';
import { Push } from './reference-push.js';
import { emptyState, type ServerRow, type ServerState, touch } from './reference-state.js';
import { httpAnswer } from './test-environment.js';

const problem = (status: number, code: string, members: object = {}): HttpAnswer =>
  httpAnswer(status, { code, status, ...members });

/** The server's side of the protocol in memory, as far as a client can tell. Tokens are names of users. */
export class ReferenceServer {
  state = emptyState();
  epoch = 1;
  now: () => number = () => 0;
  pageRows = 3;
  /** After so many ops of a request it has no time for more. */
  patience = Infinity;
  readonly revoked = new Map<string, { readonly wipe: boolean }>();
  /** `<user> <entity>` that may not be read. */
  readonly hidden = new Set<string>();
  readonly #scopes = new Map<string, readonly string[]>();
  #standby: ServerState = emptyState();
  #numbers = 0;

  scopeOf(user: string): readonly string[] {
    return this.#scopes.get(user) ?? ['all', 'ward:a', 'ward:b'];
  }

  grant(user: string, scope: readonly string[]): void {
    this.#scopes.set(user, scope);
  }

  /** What a device of the user holds when nothing is left to do. */
  rowsFor(user: string, entity: string): SyncRow[] {
    const scope = this.hidden.has(`${user} ${entity}`) ? [] : this.scopeOf(user);
    return [...this.state.rows.values()]
      .filter((row) => row.entity === entity && !row.deleted && mayHold(row, scope))
      .map(imageOf)
      .sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  /** Somebody at a desk changes something. */
  write(entity: string, id: string, fields: Readonly<Record<string, unknown>>): void {
    const row: ServerRow = this.state.rows.get(id) ?? {
      entity,
      id,
      version: 0,
      keys: [],
      fields: {},
      fieldVersions: {},
      makers: {},
      deleted: false,
    };
    this.state.rows.set(id, row);
    if (!row.deleted) touch(this.state, row, fields, 'desk');
  }

  remove(id: string): void {
    const row = this.state.rows.get(id);
    if (!row || row.deleted) return;
    row.deleted = true;
    touch(this.state, row, {}, 'desk');
  }

  /** The standby has everything so far. */
  replicate(): void {
    this.#standby = structuredClone(this.state);
  }

  /** The standby takes over; what it does not have never happened. */
  failOver(): void {
    this.state = structuredClone(this.#standby);
    this.epoch++;
    this.state.pos += 1_000;
    this.relay();
  }

  /** The relay catches up. */
  relay(): void {
    this.state.head = this.state.pos;
  }

  /** All cursors of before are of no use. */
  expireCursors(): void {
    this.state.floor = ++this.state.pos;
    this.relay();
  }

  handle(path: string, user: string, body: string): HttpAnswer {
    return path === '/sync/register' ? this.#register(user, JSON.parse(body)) : this.#sync(user, JSON.parse(body));
  }

  #register(user: string, body: unknown): HttpAnswer {
    const { device, mrns } = syncRegistration.parse(body);
    const known = this.state.devices.get(device) ?? { user, lastSeq: 0 };
    this.state.devices.set(device, known);
    const registered: SyncRegistered = {
      v: 1,
      device,
      last_seq: known.lastSeq,
      server_time: this.#time(),
      mrns: Array.from({ length: mrns }, () => `R${String(++this.#numbers)}`),
    };
    return httpAnswer(200, registered);
  }

  #sync(user: string, body: unknown): HttpAnswer {
    const request = syncRequest.parse(body);
    const device = this.state.devices.get(request.device);
    const revoked = this.revoked.get(request.device);
    if (revoked) return problem(403, 'sync.device-revoked', revoked);
    if (device?.user !== user) return problem(403, 'sync.unknown-device');
    const refusal = this.#refusalOf(request, device.lastSeq);
    if (refusal) return refusal;
    const push = new Push(this.state, request.device, this.scopeOf(user));
    const looked = request.ops.slice(0, this.patience);
    const results = looked.map((op) => push.one(op));
    device.lastSeq = Math.max(device.lastSeq, looked.at(-1)?.seq ?? 0);
    return httpAnswer(
      200,
      this.#respond(user, request, { results, unprocessed_from: request.ops[looked.length]?.seq ?? null }),
    );
  }

  #refusalOf({ ops }: SyncRequest, lastSeq: number): HttpAnswer | undefined {
    if (ops.some(({ seq }, index) => seq !== (ops[0]?.seq ?? 0) + index)) return problem(422, 'sync.not-in-order');
    if ((ops[0]?.seq ?? 0) > lastSeq + 1) return problem(409, 'sync.gap', { expected: lastSeq + 1 });
    const forked = ops.some(({ seq, op }) => seq <= lastSeq && !this.state.ledger.has(op));
    return forked ? problem(409, 'sync.device-forked') : undefined;
  }

  #respond(
    user: string,
    request: SyncRequest,
    pushed: Pick<SyncResponse, 'results' | 'unprocessed_from'>,
  ): SyncResponse {
    const pull = new Pull(this.state, this.epoch, {
      cursors: request.pull?.cursors ?? {},
      acked: request.ack.purge,
      scope: this.scopeOf(user),
      limit: this.pageRows,
      mayRead: (entity) => !this.hidden.has(`${user} ${entity}`),
    });
    return {
      v: 1,
      server_time: this.#time(),
      feed: '01890000-0000-7000-8000-000000000000',
      epoch: this.epoch,
      device: { last_seq: this.state.devices.get(request.device)?.lastSeq ?? 0 },
      ...pushed,
      ...pull.run(),
      hints: { next_ms: 60_000, max_ops: 200, lease_until: new Date(this.now() + 14 * 24 * 3_600_000).toISOString() },
    };
  }

  #time(): string {
    return new Date(this.now()).toISOString();
  }
}
