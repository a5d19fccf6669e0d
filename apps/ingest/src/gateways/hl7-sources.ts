import { BlockList, isIPv6 } from 'node:net';
import { commonError } from '@hms/contracts';
import type { Lane } from '../database/lane.js';
import type { Hospitals } from '../hospitals/hospitals.js';
import type { Caller } from './caller.js';

/** Who a message says it is from, and where it came from. */
export interface Hl7Sender {
  /** IP address; empty when it does not count. */
  readonly address: string;
  /** MSH-3 and MSH-4. */
  readonly application: string;
  readonly facility: string;
}

interface SourceRow {
  readonly id: string;
  readonly address: string;
  readonly prefix: number;
  readonly application: string;
  readonly facility: string;
  readonly timezone: string | null;
  readonly gateway_id: string;
  readonly hospital_id: string;
  readonly slug: string;
  readonly critical: boolean;
  readonly rows_per_second: number | null;
  readonly epoch: string;
}

interface Source {
  readonly row: SourceRow;
  readonly network: BlockList;
}

const trustedForMs = 2_000;
const mapped = /^::ffff:(?=\d+\.)/i;

/** Senders an operator let in without a key, by their network and what they call themselves (`hms hl7-source`). */
export class Hl7Sources {
  #sources: Promise<readonly Source[]> | undefined;
  #loadedAt = -Infinity;

  constructor(
    private readonly lane: Pick<Lane, 'run'>,
    private readonly hospitals: Hospitals,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @throws AppError 401 for a sender nobody let in, 503 while that cannot be known */
  async callerOf(sender: Hl7Sender): Promise<Caller> {
    const sources = await this.#current();
    const source = sources.find((each) => isNamed(each.row, sender) && covers(each, sender));
    if (!source) throw commonError('auth.unauthenticated');
    return this.#callerBy(source.row);
  }

  /**
   * The zone of local times of a sender that is known already: that of the network it sends from, or else the one that all
   * networks of its name have. @throws AppError 503
   */
  async zoneOf(gatewayId: string, sender: Hl7Sender): Promise<string | undefined> {
    const sources = await this.#current();
    const named = sources.filter(({ row }) => row.gateway_id === gatewayId && isNamed(row, sender));
    const here = named.filter((source) => covers(source, sender));
    const [zone, ...others] = new Set((here.length > 0 ? here : named).map(({ row }) => row.timezone));
    return others.length === 0 ? (zone ?? undefined) : undefined;
  }

  #callerBy({ id, gateway_id, hospital_id, slug, critical, rows_per_second, epoch: text }: SourceRow): Caller {
    const hospital = this.hospitals.of(hospital_id, slug);
    const epoch = Number(text);
    hospital.observeEpoch(epoch);
    hospital.quota.limitTo(rows_per_second ?? undefined);
    const gateway = { gatewayId: gateway_id, isCritical: critical };
    return { ...gateway, keyId: id, hospital, hospitalActive: true, expiresAt: Infinity, epoch };
  }

  #current(): Promise<readonly Source[]> {
    if (this.#sources && this.now() - this.#loadedAt < trustedForMs) return this.#sources;
    this.#loadedAt = this.now();
    this.#sources = this.#load();
    return this.#sources;
  }

  /** A failure is not kept: the next message asks again. */
  async #load(): Promise<readonly Source[]> {
    try {
      return (await this.lane.run<SourceRow>(usable)).map((row) => ({ row, network: networkOf(row) }));
    } catch (cause) {
      this.#sources = undefined;
      throw commonError('service.unavailable', { cause });
    }
  }
}

const isNamed = (row: SourceRow, { application, facility }: Hl7Sender): boolean =>
  row.application === application && row.facility === facility;

/** An address that does not count lies in no network. */
function covers({ network }: Source, sender: Hl7Sender): boolean {
  const address = sender.address.replace(mapped, '');
  return network.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

function networkOf({ address, prefix }: SourceRow): BlockList {
  const network = new BlockList();
  network.addSubnet(address, prefix, isIPv6(address) ? 'ipv6' : 'ipv4');
  return network;
}

/** Those of active gateways of active hospitals. */
const usable = `
  select s.id, host(s.network) as address, masklen(s.network) as prefix, s.application, s.facility, s.timezone,
         s.gateway_id, g.service_class = 'critical' as critical, h.telemetry_rows_per_second as rows_per_second, h.id as hospital_id, h.slug, e.epoch::text
    from public.hl7_source s
    join public.gateway g on g.id = s.gateway_id and g.status = 'active'
    join public.hospital h on h.id = s.hospital_id and h.status = 'active'
    join public.ingest_epoch e on e.hospital_id = s.hospital_id`;
