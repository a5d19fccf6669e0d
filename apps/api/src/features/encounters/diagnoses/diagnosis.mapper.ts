import type { DiagnosisDto } from './diagnoses.dto.js';
import type { DiagnosisRow } from './diagnoses.repository.js';

export const toDiagnosisDto = ({ createdAt, ...row }: DiagnosisRow): DiagnosisDto => ({
  ...row,
  createdAt: createdAt.toISOString(),
});
