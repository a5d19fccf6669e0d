import { commonError } from '@hms/contracts';
import type { CreateNoteDto } from './notes.dto.js';

/** An original follows nothing, anything else follows something. @throws `request.invalid` */
export function assertFollows({ relation = 'original', parentId }: CreateNoteDto): void {
  if ((relation === 'original') === (parentId === undefined)) return;
  const message =
    relation === 'original' ? 'parentId is not of an original' : `parentId must say what the ${relation} follows`;
  throw commonError('request.invalid', { errors: [{ field: 'parentId', code: 'relation', message }] });
}
