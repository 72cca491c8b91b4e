import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import type { DeviceErrorCode } from '../../protocol/cable/v1/errors.ts';
import type { Params, Reply } from '../../protocol/cable/v1/services/table.ts';
import { encodePairingStatement, pairingSignedBytes } from '../../protocol/pairing/v1/statement.ts';
import type { Firmware } from './firmware.ts';
import { shortHash } from './journal.ts';
import { deviceLimits } from './limits.ts';

type PairReply = Reply<'app.pair'>;

const nothing = new Uint8Array(0);

function ended(outcome: Exclude<PairReply['outcome'], 'signed'>): PairReply {
  return { outcome, statement: nothing, signature: nothing };
}

function makeStatement(firmware: Firmware, request: Params<'app.pair'>): Uint8Array | undefined {
  const { clock, factory } = firmware;
  try {
    return encodePairingStatement({
      deviceId: factory.deviceId,
      appPublicKey: request.appPublicKey,
      code: request.code,
      deviceTimeSeconds: clock.isTrusted ? clock.nowSeconds() : 0,
    });
  } catch (cause) {
    if (cause instanceof RangeError) return undefined;
    throw cause;
  }
}

async function isConfirmed({ desk }: Firmware): Promise<PairReply['outcome']> {
  const deadlineMs = desk.nowMs() + deviceLimits.promptMs;
  for (;;) {
    const signal = await desk.next(deadlineMs);
    if (signal.type === 'timeout') return 'timeout';
    if (signal.type === 'cancel' || signal.type === 'locked') return 'cancelled';
    if (signal.type === 'key' && signal.key === 'cancel') return 'cancelled';
    if (signal.type === 'key' && signal.key === 'enter') return 'signed';
  }
}

/**
 * Signs that an app belongs to this device, once a person at the keypad has seen the activation code and confirmed it:
 * a laptop on the cable cannot pair by itself.
 */
export async function pairApp(
  firmware: Firmware,
  request: Params<'app.pair'>,
): Promise<Result<PairReply, DeviceErrorCode>> {
  const { desk, core } = firmware;
  if (core.state === 'LOCKED') return err('not-in-state', 'a locked device pairs with nobody');
  if (firmware.signer === undefined) return ok(ended('no-identity'));
  if (makeStatement(firmware, request) === undefined) return err('bad-params', 'code or appPublicKey');
  if (desk.prompt !== undefined) return err('busy', 'the device is asking something else');
  desk.show({ kind: 'pair', code: request.code });
  firmware.tell({ type: 'screen' });
  const stopListening = firmware.listen((event) => {
    if (event.type === 'state' && firmware.core.state === 'LOCKED') desk.signal({ type: 'locked' });
  });
  try {
    const outcome = await isConfirmed(firmware);
    if (outcome !== 'signed') return ok(ended(outcome));
    const statement = makeStatement(firmware, request);
    const signature = statement && firmware.signer?.sign(pairingSignedBytes(statement));
    if (statement === undefined || signature === undefined) return ok(ended('no-identity'));
    firmware.commit({}, { type: 'app-paired', result: '', detail: 0, credentialHash: shortHash(statement) });
    return ok({ outcome, statement, signature });
  } finally {
    stopListening();
    desk.end();
    firmware.tell({ type: 'screen' });
  }
}
