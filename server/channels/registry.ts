import type { ChannelDefinition } from './channel.ts';

/** Every channel of this server: one folder, one line. */
export const channelDefinitions: readonly ChannelDefinition[] = [];
