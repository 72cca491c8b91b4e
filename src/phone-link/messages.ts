/** A message that is what it should be, and the reason when it is a goodbye. */
export interface Read<M> {
  readonly message: M;
  readonly bye: { readonly bye?: string };
}

/**
 * Reads a message of the other side with `read`, which gives `undefined` for what is not of the shape agreed: such a
 * message is left out, the link goes on.
 */
export function readMessage<M extends { readonly type: string }>(
  read: (json: unknown) => M | undefined,
  text: string,
): Read<M> | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const message = read(json);
  if (message === undefined) return undefined;
  const isBye = message.type === 'bye' && 'reason' in message;
  return { message, bye: isBye ? { bye: String(message.reason) } : {} };
}
