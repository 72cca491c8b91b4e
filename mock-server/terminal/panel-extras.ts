import { TOTP, URI } from 'otpauth';

/** A second factor of a demo account, shown on the page in place of somebody's phone. */
export interface Authenticator {
  readonly name: string;
  /** An otpauth:// address of a TOTP secret. */
  readonly otpauthUrl: string;
}

/** A text panel that the start-up code puts on the page. */
export interface ExtraPanel {
  readonly title: string;
  /** Asked about once a second while somebody looks. */
  render(): string;
}

/** The present code of an authenticator. */
export interface AuthenticatorView {
  readonly name: string;
  readonly code: string;
  readonly secondsLeft: number;
}

/** Gives the present code of each authenticator. Throws at once when an address is not a TOTP secret. */
export function authenticatorReader(
  authenticators: readonly Authenticator[],
): (nowMs: number) => readonly AuthenticatorView[] {
  const parsed = authenticators.map(({ name, otpauthUrl }) => {
    const secret = URI.parse(otpauthUrl);
    if (!(secret instanceof TOTP)) throw new TypeError(`authenticators.otpauthUrl: ${name} has no TOTP secret`);
    return { name, secret };
  });
  return (nowMs) =>
    parsed.map(({ name, secret }) => ({
      name,
      code: secret.generate({ timestamp: nowMs }),
      secondsLeft: secret.period - (Math.floor(nowMs / 1000) % secret.period),
    }));
}
