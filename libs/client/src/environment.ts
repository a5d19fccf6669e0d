import { uuid7 } from './uuid7.js';

/** What is used of a `Response`. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

export interface HttpRequest {
  readonly method: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

/** What is used of a `WebSocket`. */
export interface Wire {
  send(text: string): void;
  close(): void;
}

export interface WireListener {
  readonly opened: () => void;
  readonly said: (text: string) => void;
  /** Once, also when it never opened. */
  readonly closed: (code: number) => void;
}

/** Everything the client needs of the platform it runs on. Tests bring their own. */
export interface Environment {
  /** Milliseconds since 1970, as the device believes. */
  readonly now: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** An id that was never drawn before. */
  readonly draw: (nowMs: number) => string;
  /** Runs something later, unless the function it returns is called before. */
  readonly later: (run: () => void, ms: number) => () => void;
  readonly fetch: (url: string, request: HttpRequest) => Promise<HttpAnswer>;
  /** Opens a WebSocket; absent where there are none. */
  readonly connect?: (url: string, listener: WireListener) => Wire;
  /** Runs work while no other page or process of this device does. */
  readonly alone: <R>(work: () => Promise<R>) => Promise<R>;
  /** Asks that nothing stored is evicted; false when it may be. */
  readonly persist: () => Promise<boolean>;
}

/** That of a browser, or of Node. @param name of the storage: pages that use the same take turns */
export function hostEnvironment(name: string): Environment {
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    draw: (nowMs) => uuid7(nowMs, crypto.getRandomValues(new Uint8Array(10))),
    later: (run, ms) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    fetch: (url, request) => fetch(url, { ...request }),
    ...(typeof WebSocket === 'undefined' ? {} : { connect }),
    alone: (work) => {
      const locks = host()?.locks;
      return locks ? locks.request(`hms-sync:${name}`, work) : work();
    },
    persist: async () => (await host()?.storage?.persist()) ?? true,
  };
}

function connect(url: string, { opened, said, closed }: WireListener): Wire {
  const socket = new WebSocket(url);
  socket.onopen = () => opened();
  socket.onmessage = ({ data }) => said(String(data));
  socket.onclose = ({ code }) => closed(code);
  return { send: (text) => socket.send(text), close: () => socket.close() };
}

// Older browsers and Node lack some of it.
const host = (): { readonly locks?: LockManager; readonly storage?: StorageManager } | undefined =>
  typeof navigator === 'undefined' ? undefined : navigator;
