import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { securityHeaders } from '../../../server/http/headers.ts';

function policyOf(url: string): string {
  const headers = new Map<string, string>();
  const response = { setHeader: (name: string, value: string) => void headers.set(name, value) };
  securityHeaders({ isHttps: true, isDemo: false })({ url } as IncomingMessage, response as unknown as ServerResponse);
  return headers.get('content-security-policy') ?? '';
}

// The service worker of a phone that has the app answers for /l with what it fetched as /l.html, headers and all.
test.each(['/l', '/l?back=1', '/l.html', '/l.html?__WB_REVISION__=1f'])('%s may post a form to a platform', (url) => {
  expect(policyOf(url)).toContain("form-action 'self' https:;");
});

test.each(['/', '/terminal', '/lx', '/link.html', '/assets/l.html', '/api/l'])('%s posts to itself only', (url) => {
  expect(policyOf(url)).toContain("form-action 'self';");
});

test.each(['/', '/l', '/l.html'])('%s is framed by nobody', (url) => {
  expect(policyOf(url)).toContain("frame-ancestors 'none'");
});
