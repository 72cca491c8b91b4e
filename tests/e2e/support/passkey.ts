import type { Page } from 'playwright-core';
import { appEn } from '../../../src/i18n/app.en.ts';

/** Gives a page a platform authenticator that says yes by itself; `prf`: its passkeys have secrets of their own. */
export async function addAuthenticator(page: Page, { prf = false } = {}): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      ...(prf ? { hasPrf: true, ctap2Version: 'ctap2_1' as const } : {}),
    },
  });
}

/** Adds a passkey on the account page of the person who is signed in. The page needs an authenticator. */
export async function registerPasskey(page: Page, origin: string): Promise<void> {
  await page.goto(`${origin}/account`);
  await page.getByRole('button', { name: appEn.account.addPasskey }).click();
  await page.getByText(appEn.account.passkeyAdded).waitFor();
}
