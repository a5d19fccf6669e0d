import { Injectable, type PipeTransform } from '@nestjs/common';
import { alarmPriorities, commonError, type AlarmPriority } from '@hms/contracts';

/** A priority in a path. Another word names nothing: 404. */
@Injectable()
export class PriorityPipe implements PipeTransform<string, AlarmPriority> {
  transform(value: string): AlarmPriority {
    const priority = alarmPriorities.find((each) => each === value);
    if (!priority) throw commonError('route.not-found');
    return priority;
  }
}
