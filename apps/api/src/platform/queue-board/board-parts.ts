import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { ReadStream } from 'node:fs';
import type { createBullBoard } from '@bull-board/api';

type Adapter = Parameters<typeof createBullBoard>[0]['serverAdapter'];
type Queues = Parameters<Adapter['setQueues']>[0];
type ApiRoute = Parameters<Adapter['setApiRoutes']>[0][number];
type Page = Parameters<Adapter['setEntryRoute']>[0];
type UiConfig = NonNullable<Parameters<Adapter['setUIConfig']>[0]>;

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** What Bull Board is made of, for a server of our own: its packaged one brings a template engine and file server along. */
export class BoardParts implements Adapter {
  queues: Queues = new Map();
  apiRoutes: readonly ApiRoute[] = [];
  #page: Page | undefined;
  #views = '';
  #assets: ReadonlySet<string> = new Set();
  #assetFolder = '';
  #uiConfig: UiConfig = {};

  setQueues(queues: Queues): this {
    this.queues = queues;
    return this;
  }

  setViewsPath(path: string): this {
    this.#views = path;
    return this;
  }

  /** Only files that are there now are served, so no name can lead out of the folder. */
  setStaticPath(_route: string, folder: string): this {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    this.#assets = new Set(files.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1)));
    this.#assetFolder = folder;
    return this;
  }

  setEntryRoute(page: Page): this {
    this.#page = page;
    return this;
  }

  setErrorHandler(): this {
    return this; // every failure goes the way of all routes
  }

  setApiRoutes(routes: readonly ApiRoute[]): this {
    this.apiRoutes = routes;
    return this;
  }

  setUIConfig(config: UiConfig = {}): this {
    this.#uiConfig = config;
    return this;
  }

  get uiConfig(): UiConfig {
    return this.#uiConfig;
  }

  /** The page, which finds everything else under this address. */
  page(basePath: string): string {
    if (!this.#page) throw new Error('the board has no page');
    const { name, params } = this.#page.handler({ basePath, uiConfig: this.#uiConfig });
    const values = new Map(Object.entries(params));
    const template = readFileSync(join(this.#views, name), 'utf8');
    return template.replace(/<%([-=]) (\w+) %>/g, (_, kind: string, key: string) => {
      const value = values.get(key) ?? '';
      return kind === '=' ? escapeHtml(value) : value;
    });
  }

  asset(file: string): { readonly type: string; readonly content: ReadStream } | undefined {
    if (!this.#assets.has(file)) return undefined;
    const type = types[extname(file)] ?? 'application/octet-stream';
    return { type, content: createReadStream(join(this.#assetFolder, file)) };
  }
}

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
