import { idOf, type JsonObject, objectAt, objectsAt, textAt } from '@hms/fhir';
import type { FileResource, Resources } from './fhir-file.js';

/** What a file says of whom an Observation is about. */
export interface StatedIdentity {
  /** Ids of Patient resources: of HMS, or of the system the file is from. */
  readonly ids: readonly string[];
  readonly identifiers: readonly { readonly system: string; readonly value: string }[];
}

/** The patients of a file, wherever in it they are. */
export class FilePatients {
  readonly #stated = new Map<string, StatedIdentity>();

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
    if (url !== undefined) this.#stated.set(url, stated);
    if (id !== undefined) this.#stated.set(`Patient/${id}`, stated);
  }

  /** @param subject the element of an Observation: a reference, an identifier, or both */
  identityOf(subject: JsonObject): StatedIdentity {
    const id = idOf(subject, 'Patient');
    const known = this.#stated.get(textAt(subject, 'reference') ?? '') ?? this.#stated.get(`Patient/${id ?? ''}`);
    return {
      ids: [...new Set([...(id === undefined ? [] : [id]), ...(known?.ids ?? [])])],
      identifiers: [...identifiersOf([objectAt(subject, 'identifier')]), ...(known?.identifiers ?? [])],
    };
  }
}

/** Without a system a number says nothing. */
const identifiersOf = (identifiers: readonly JsonObject[]): StatedIdentity['identifiers'] =>
  identifiers.flatMap((identifier) => {
    const [system, value] = [textAt(identifier, 'system'), textAt(identifier, 'value')];
    return system === undefined || value === undefined ? [] : [{ system, value }];
  });
