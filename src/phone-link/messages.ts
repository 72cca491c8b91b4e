import * as v from 'valibot';

/** A message that is what it should be, and the reason when it is a goodbye. */
export interface Read<M> {
  readonly message: M;
  readonly bye: { readonly bye?: string };
}

/** Reads a message of the other side; `undefined` when it is not of the shape agreed: it is left out, the link goes on. */
export function readMessage<S extends v.GenericSchema<unknown, { readonly type: string }>>(
  schema: S,
  text: string,
): Read<v.InferOutput<S>> | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(schema, json);
  if (!parsed.success) return undefined;
  const message = parsed.output;
  const isBye = message.type === 'bye' && 'reason' in message;
  return { message, bye: isBye ? { bye: String(message.reason) } : {} };
}
