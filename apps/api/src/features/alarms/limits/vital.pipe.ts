import { Injectable, type PipeTransform } from '@nestjs/common';
import { commonError, type VitalCode } from '@hms/contracts';
import { isLimitedCode } from './limit.values.js';

/** The code of a vital sign in a path. One without limits names nothing: 404. */
@Injectable()
export class VitalPipe implements PipeTransform<string, VitalCode> {
  transform(value: string): VitalCode {
    if (!isLimitedCode(value)) throw commonError('route.not-found');
    return value;
  }
}
