import { Injectable, type PipeTransform } from '@nestjs/common';
import { commonError } from '@hms/contracts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const isUuid = (value: unknown): value is string => typeof value === 'string' && uuid.test(value);

/** An id in a path, in the lower case the database answers with. What cannot be an id names nothing: 404. */
@Injectable()
export class UuidPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    const id = value.toLowerCase();
    if (!isUuid(id)) throw commonError('route.not-found');
    return id;
  }
}
