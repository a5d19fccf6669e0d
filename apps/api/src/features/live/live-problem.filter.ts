import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { toProblem } from '@hms/contracts';
import type { Logger } from '@hms/service-kit';
import { toAppError } from '../../platform/errors/to-app-error.js';
import { rootLogger } from '../../platform/observability/observability.tokens.js';
import type { LiveSocket } from './live-socket.js';

/** Answers a refused event: through its acknowledgement when the client asked for one, else as event `exception`. */
@Catch()
export class LiveProblemFilter implements ExceptionFilter {
  constructor(@Inject(rootLogger) private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const socket = host.switchToWs().getClient<LiveSocket>();
    const error = toAppError(thrown);
    if (error.spec.status >= 500) this.logger.error({ err: error, requestId: socket.id }, 'live event failed');
    const problem = toProblem(error, socket.id);
    const acknowledge = host.getArgs<unknown[]>().find((argument) => typeof argument === 'function');
    if (acknowledge) (acknowledge as (answer: unknown) => void)({ problem });
    else socket.emit('exception', problem);
  }
}
