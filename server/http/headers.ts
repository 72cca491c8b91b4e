import type { IncomingMessage, ServerResponse } from 'node:http';

/** What the headers depend on. */
export interface HeaderOptions {
  readonly isHttps: boolean;
  /** Demo mode: pages may open WebSockets to this machine, for the simulated cable. */
  readonly isDemo: boolean;
}

const localSockets = 'ws://localhost:* ws://127.0.0.1:*';
const localPlatforms = 'http://localhost:* http://127.0.0.1:*';
/**
 * Where a resident's phone leaves for a platform by a form that it posts (UnionPay); the shell posts to itself only. Also
 * the file: the service worker fetches that, and answers with it and its headers on a phone that has the app.
 */
const leavingPage = /^\/l(?:\.html)?(?:[?]|$)/;

/**
 * Security headers on every answer (OWASP Secure Headers): own scripts only, no framing, device access for ourselves
 * only; and no caching of the interface unless a route says otherwise. Set on Node's response itself, so that no answer
 * of any kind is left out and none must be built twice.
 */
export function securityHeaders(options: HeaderOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const policy = (formAction: string): string =>
    [
      "default-src 'self'",
      "script-src 'self'",
      "style-src 'self'",
      "style-src-attr 'unsafe-inline'",
      "img-src 'self' blob: data:",
      `connect-src 'self'${options.isDemo ? ` ${localSockets}` : ''}`,
      "worker-src 'self'",
      "manifest-src 'self'",
      "object-src 'none'",
      "base-uri 'none'",
      `form-action 'self'${formAction}`,
      "frame-ancestors 'none'",
    ].join('; ');
  const usual = policy('');
  const leaving = policy(` https:${options.isDemo ? ` ${localPlatforms}` : ''}`);
  const fixed: [string, string][] = [
    ['permissions-policy', 'serial=(self), usb=(self), camera=(self), geolocation=(), microphone=(), payment=()'],
    ['referrer-policy', 'same-origin'],
    ['x-content-type-options', 'nosniff'],
    ['x-frame-options', 'DENY'],
    ['cross-origin-opener-policy', 'same-origin'],
    ['cross-origin-resource-policy', 'same-origin'],
  ];
  if (options.isHttps) fixed.push(['strict-transport-security', 'max-age=31536000; includeSubDomains']);
  return (request, response) => {
    response.setHeader('content-security-policy', leavingPage.test(request.url ?? '') ? leaving : usual);
    for (const [name, value] of fixed) response.setHeader(name, value);
    if (request.url?.startsWith('/api/') === true) response.setHeader('cache-control', 'no-store');
  };
}
