import { idOf, type JsonObject, objectAt, objectsAt, textAt } from '@hms/fhir';
import type { FileResource, Resources } from './fhir-file.js';

/** What a file says of whom an Observation is about. */
export interface StatedIdentity {
  /** Ids of Patient resources: of HMS, or of the system the file is from. */
  readonly ids: readonly string[];
  readonly identifiers: readonly { readonly system: string; readonly value: string }[];
}

const isAddress = /^https?:/;
const version = /\/_history\/[^/]*$/;
const nobody: StatedIdentity = { ids: [], identifiers: [] };

/** The patients of a file, wherever in it they are. What two of them are called by leads to nobody. */
export class FilePatients {
  /** By address, and by what a relative reference says. */
  readonly #stated = new Map<string, StatedIdentity>();
  /** Those without an address, which may be that of any reference. */
  readonly #placeless = new Map<string, StatedIdentity>();

  /** Goes through all of the file. */
  static async of(resources: Resources): Promise<FilePatients> {
    const patients = new FilePatients();
    for await (const { said } of resources) if ('resource' in said) patients.#add(said);
    return patients;
  }

  #add({ resource, url }: FileResource): void {
    if (resource['resourceType'] !== 'Patient') return;
    const id = textAt(resource, 'id');
    const stated = { ids: id === undefined ? [] : [id], identifiers: identifiersOf(objectsAt(resource, 'identifier')) };
    if (url !== undefined) note(this.#stated, url, stated);
    if (id === undefined) return;
    note(this.#stated, `Patient/${id}`, stated);
    if (url === undefined || !isAddress.test(url)) note(this.#placeless, id, stated);
  }

  /** @param subject the element of an Observation: a reference, an identifier, or both */
  identityOf(subject: JsonObject): StatedIdentity {
    const id = idOf(subject, 'Patient');
    const reference = (textAt(subject, 'reference') ?? '').replace(version, '');
    const known = this.#stated.get(reference) ?? this.#placeless.get(id ?? '');
    if (known === nobody) return nobody;
    return {
      ids: [...new Set([...(id === undefined ? [] : [id]), ...(known?.ids ?? [])])],
      identifiers: [...identifiersOf([objectAt(subject, 'identifier')]), ...(known?.identifiers ?? [])],
    };
  }
}

function note(known: Map<string, StatedIdentity>, name: string, stated: StatedIdentity): void {
  const before = known.get(name);
  const isOther = before !== undefined && JSON.stringify(before) !== JSON.stringify(stated);
  known.set(name, isOther ? nobody : stated);
}

/** Without a system a number says nothing. */
const identifiersOf = (identifiers: readonly JsonObject[]): StatedIdentity['identifiers'] =>
  identifiers.flatMap((identifier) => {
    const [system, value] = [textAt(identifier, 'system'), textAt(identifier, 'value')];
    return system === undefined || value === undefined ? [] : [{ system, value }];
  });
