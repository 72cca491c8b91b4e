import { i18n } from '../../i18n/i18n.svelte.ts';
import { feesText } from '../../i18n/terminal-fees.ts';
import { answerPhone } from '../../phone-link/answer.ts';
import { createLinkHost } from '../../phone-link/host.ts';
import type { TerminalDesk } from '../desk.svelte.ts';
import { printerPlace, printLines } from '../print-receipt.ts';
import { speak } from '../voice.ts';
import { ServerFees } from './fee-api.ts';
import { FeeDesk } from './fee-desk.svelte.ts';

/** The page that a phone opens, until the server has said at which address. */
const pagePath = '/l';

/** Wires the desk for fees into a terminal's desk. Rejects when its words cannot be fetched. */
export async function openFees(desk: TerminalDesk): Promise<FeeDesk> {
  await feesText.load();
  const { link, kept, device, newId, pause, now } = desk.tools;
  const place = printerPlace(desk, device);
  const subtle = globalThis.crypto.subtle as SubtleCrypto | undefined;
  const pageUrl = (): string => fees.menu?.pageUrl ?? `${location.origin}${pagePath}`;
  const fees: FeeDesk = new FeeDesk({
    ...{ kept, newId, pause, now },
    api: new ServerFees(link.api, subtle),
    host: (options) => createLinkHost({ ...options, pageUrl: pageUrl(), fetch: link.fetch }),
    answerPhone: (text, own) =>
      answerPhone({ text, own, pageUrl: pageUrl(), origin: location.origin, subtle, fetch: link.fetch }),
    print: (lay) => printLines(place, lay),
    serverNow: () => desk.serverNow(),
    pollMs: () => (link.events.state === 'open' ? 5_000 : 1_500),
    language: () => i18n.language,
    isSlow: () => desk.settings.isVoice || desk.settings.isLarge,
    say: (text) => speak(text, i18n.language),
    choose: (setting) => desk.choose(setting),
    leave(isOff) {
      desk.show({ at: 'channels' });
      if (isOff) desk.press('power');
      else void desk.renew();
    },
  });
  return fees;
}
