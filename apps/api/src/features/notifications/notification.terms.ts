export const channels = ['in-app', 'push', 'email', 'sms'] as const;
export type Channel = (typeof channels)[number];

/** Those a provider carries. */
export const outsideChannels = ['push', 'email', 'sms'] as const;
export type OutsideChannel = (typeof outsideChannels)[number];

export const priorities = ['normal', 'urgent'] as const;
export type Priority = (typeof priorities)[number];

/** `sending`: with the provider, or on the way there. All after it are final. */
export const deliveryStatuses = ['queued', 'sending', 'sent', 'failed', 'expired', 'cancelled'] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

export const languages = ['en', 'de', 'es', 'fr'] as const;
export type Language = (typeof languages)[number];

export const templateCodes = ['message', 'broadcast', 'appointment-reminder'] as const;
export type TemplateCode = (typeof templateCodes)[number];

/** A time of day as people set it: `21:30`. */
export const timeOfDay = /^([01]\d|2[0-3]):[0-5]\d$/;
