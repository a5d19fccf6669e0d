import { isObject, type JsonObject } from './json-object.js';

const none: JsonObject = {};

/** A member that is an object, or an empty one. */
export const objectAt = (from: JsonObject, name: string): JsonObject => {
  const value = from[name];
  return isObject(value) ? value : none;
};

/** The objects of a member that is a list. */
export const objectsAt = (from: JsonObject, name: string): readonly JsonObject[] => {
  const value = from[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
};

/** A member that is text, or nothing. */
export const textAt = (from: JsonObject, name: string): string | undefined => {
  const value = from[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** What resources of one bundle say of each other. */
export class References {
  readonly #resources = new Map<string, JsonObject>();

  constructor(entries: readonly JsonObject[]) {
    for (const entry of entries) {
      const resource = objectAt(entry, 'resource');
      const [url, type, id] = [textAt(entry, 'fullUrl'), textAt(resource, 'resourceType'), textAt(resource, 'id')];
      if (url !== undefined) this.#resources.set(url, resource);
      if (type !== undefined && id !== undefined) this.#resources.set(`${type}/${id}`, resource);
    }
  }

  /** The resource of the bundle that a reference leads to, or an empty one. */
  to(reference: JsonObject): JsonObject {
    return this.#resources.get(textAt(reference, 'reference') ?? '') ?? none;
  }
}

/** What a reference states as the id of a resource of that type. */
export function idOf(reference: JsonObject, type: string): string | undefined {
  const [, found, id] =
    /(?:^|\/)([A-Za-z]+)\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[^/]*)?$/.exec(
      (textAt(reference, 'reference') ?? '').slice(0, 500),
    ) ?? [];
  return found === type ? id : undefined;
}
