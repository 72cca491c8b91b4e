import { base64UrlEncode } from '../../../protocol/bytes.ts';
import type { ApiClient } from '../../api/client.ts';
import type { ApiFailure } from '../../api/failures.ts';
import { makeAppKey } from './app-key.ts';
import type { PairProblem, TerminalDevice } from './device.svelte.ts';
import type { Identity, KeptStore } from './kept.ts';

/** Characters of an activation code (protocol/http/terminal-app.ts). */
export const codeAlphabet = '23456789ABCDEFGHJKMNPQRSTVWXYZ';
/** Length of an activation code. */
export const codeChars = 8;

/** The code with what was typed; characters that no code has are left out. */
export function typeCode(code: string, typed: string): string {
  const fitting = [...typed.toUpperCase()].filter((char) => codeAlphabet.includes(char));
  return (code + fitting.join('')).slice(0, codeChars);
}

/** What a pairing is wired to. */
export interface PairingTools {
  readonly api: Pick<ApiClient, 'call'>;
  readonly device: TerminalDevice;
  readonly kept: KeptStore;
  readonly onPaired: (identity: Identity) => void;
}

/** Makes this app and the secure device on its cable one terminal, with a code from the office. */
export class Pairing {
  readonly #tools: PairingTools;
  code = $state('');
  /** `device`: a person confirms on the device. `server`: the office's server decides. */
  step = $state<'code' | 'device' | 'server'>('code');
  deviceProblem = $state<PairProblem>();
  failure = $state.raw<ApiFailure>();

  constructor(tools: PairingTools) {
    this.#tools = tools;
  }

  type(text: string): void {
    this.code = typeCode(this.code, text);
  }

  erase(): void {
    this.code = this.code.slice(0, -1);
  }

  clear(): void {
    this.code = '';
  }

  /** True when the code is whole and the device is there. */
  get canPair(): boolean {
    return this.step === 'code' && this.code.length === codeChars && this.#tools.device.isReady;
  }

  /** Pairs; on a failure the code stays, so that it can be tried again. */
  async pair(): Promise<void> {
    if (!this.canPair) return;
    const { api, device, kept, onPaired } = this.#tools;
    const { code } = this;
    this.deviceProblem = undefined;
    this.failure = undefined;
    this.step = 'device';
    const key = await makeAppKey();
    const signed = await device.signPairing(key.publicKey, code);
    if (!signed.ok) {
      this.deviceProblem = signed.error;
      this.step = 'code';
      return;
    }
    this.step = 'server';
    const body = { code, publicKey: base64UrlEncode(key.publicKey), ...signed.value };
    const answer = await api.call('pairApp', { body });
    this.step = 'code';
    if (!answer.ok) {
      this.failure = answer;
      return;
    }
    const identity: Identity = { ...answer.value, privateKey: key.privateKey };
    await kept.write('identity', identity);
    this.code = '';
    onPaired(identity);
  }
}
