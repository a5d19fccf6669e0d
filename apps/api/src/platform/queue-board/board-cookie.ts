export const boardPath = '/api/admin/queues';
export const boardCookie = 'hms_queues';
