/** The end of the address at which the app shows a notification; what it is of stays inside. */
export const referenceOf = (notificationId: string): string =>
  Buffer.from(notificationId.replaceAll('-', ''), 'hex').toString('base64url');

export const linkTo = (publicUrl: string, notificationId: string): string =>
  new URL(`/n/${referenceOf(notificationId)}`, publicUrl).href;
