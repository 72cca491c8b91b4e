import { createHash } from 'node:crypto';
import type { DelegationVerdict } from '../../../domain/unlock/delegation-policy.ts';
import { identityErasingMask } from '../../../domain/unlock/states.ts';
import { compareBytes } from '../../../protocol/bytes.ts';
import { encodeDelegation } from '../../../protocol/unlock/v1/codec.ts';
import { actionBits } from '../../../protocol/unlock/v1/constants.ts';
import type { DelegationSecond } from '../../../protocol/unlock/v1/messages.ts';
import type { Signer } from '../../../protocol/unlock/v1/signer.ts';
import { secondKeyHash } from '../../../protocol/unlock/v1/site.ts';
import type { Core } from '../../core.ts';
import type { Trust } from '../../keys/trust.ts';
import type { Db } from '../../store/database.ts';
import type { ReadWish } from './facts.ts';
import { makeKit, voidKits } from './kits.ts';
import type { DelegationRow } from './rows.ts';

/** What is signed, and by whom besides the issuer. */
export interface SignInput {
  readonly found: DelegationRow;
  readonly wish: ReadWish;
  readonly verdict: DelegationVerdict;
  readonly signer: Signer;
  readonly nowMs: number;
}

/** A signed delegation. `replaced`: the technician's earlier ones for the same terminals, which have ended. */
export interface SignedDelegation {
  readonly hash: Buffer;
  readonly replaced: string[];
}

/** Signs, ends what it replaces, and makes the kits, all in the caller's transaction, which holds the terminals. */
export async function signDelegation(
  { core, trust }: { readonly core: Core; readonly trust: Trust },
  db: Db,
  input: SignInput,
): Promise<SignedDelegation> {
  const { found, wish, verdict, nowMs } = input;
  const notBeforeSeconds = Math.floor(nowMs / 1000);
  const notAfterSeconds = notBeforeSeconds + found.hours * 3600;
  const { epoch } = await db.selectFrom('revocation_counter').select('epoch').executeTakeFirstOrThrow();
  const ring = core.keys();
  const bytes = encodeDelegation(
    {
      sequence: found.sequence,
      technicianKey: new Uint8Array(wish.technicianKey),
      ...peopleAndDevices(wish),
      actions: actionBits.clearSoft | actionBits.clearTamper,
      reasonsOk: verdict.reasonsOk,
      notBeforeSeconds,
      notAfterSeconds,
      usesMax: verdict.usesMax,
      usesPerDeviceMax: verdict.usesPerTerminalMax,
      revocationEpoch: epoch,
      keysetFloor: trust.keyset().sequence,
    },
    ring.issuer,
    input.signer,
  );
  const hash = createHash('sha256').update(bytes).digest();
  const notAfter = new Date(notAfterSeconds * 1000);
  const notBefore = new Date(notBeforeSeconds * 1000);
  await db
    .updateTable('delegations')
    .set({ state: 'active', bytes, hash, revocation_epoch: epoch, not_before: notBefore, not_after: notAfter })
    .where('id', '=', found.id)
    .execute();
  const replaced = await endReplaced(db, input);
  await makeKits(core, db, input, notAfter);
  return { hash, replaced };
}

/** Devices in ascending order, and each second person once with the places of their devices. */
function peopleAndDevices(wish: ReadWish) {
  const terminals = [...wish.terminals].sort((a, b) => compareBytes(a.device_id, b.device_id));
  const masks = new Map<string, number>();
  terminals.forEach((terminal, place) => {
    for (const keyId of terminal.secondKeyIds) masks.set(keyId, (masks.get(keyId) ?? 0) | (1 << place));
  });
  const seconds: DelegationSecond[] = [...masks].map(([keyId, deviceMask]) => {
    const second = wish.seconds.get(keyId);
    if (second === undefined) throw new Error(`peopleAndDevices: ${keyId} is unknown`);
    return { keyHash: secondKeyHash(new Uint8Array(second.public_key)), deviceMask };
  });
  return { devices: terminals.map((terminal) => new Uint8Array(terminal.device_id)), seconds };
}

async function endReplaced(db: Db, { found, wish, nowMs }: SignInput): Promise<string[]> {
  const terminalIds = wish.terminals.map((terminal) => terminal.terminal_id);
  const rows = await db
    .updateTable('delegations as d')
    .set({ state: 'ended', ended_at: new Date(nowMs) })
    .where('d.technician_id', '=', found.technician_id)
    .where('d.id', '!=', found.id)
    .where('d.state', '=', 'active')
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('delegation_terminals as x')
          .select('x.terminal_id')
          .whereRef('x.delegation_id', '=', 'd.id')
          .where('x.terminal_id', 'in', terminalIds),
      ),
    )
    .returning(['d.id', 'd.sequence'])
    .execute();
  await voidKits(
    db,
    rows.map((row) => row.sequence),
  );
  return rows.map((row) => row.id);
}

async function makeKits(core: Core, db: Db, input: SignInput, notAfter: Date): Promise<void> {
  const { found, wish, verdict, nowMs } = input;
  for (const terminal of wish.terminals) {
    // Without its identity a device has no package key: nothing could be opened there.
    if (terminal.package_public_key === null || (terminal.reasons & identityErasingMask) !== 0) continue;
    await makeKit(
      db,
      core.keys(),
      {
        terminal,
        packageKey: new Uint8Array(terminal.package_public_key),
        delegationSequence: found.sequence,
        delegationNotAfter: notAfter,
        uses: verdict.usesPerTerminalMax,
        probationHours: verdict.probationHours,
        probationLimitFen: verdict.probationLimitFen,
      },
      nowMs,
    );
  }
}
