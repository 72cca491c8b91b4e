import * as common from './common.ts';
import type { RouteName } from './paths.ts';
import * as people from './people.ts';
import type { RouteSpec } from './route-spec.ts';
import * as system from './system.ts';

/** Routes that a browser needs before it knows who sits in front of it. */
export const shellRoutes = {
  me: { summary: 'The signed-in person', access: 'any', reply: people.meSchema },
  events: { summary: 'Server-sent events', access: 'any', reply: 'events' },
  demo: {
    summary: 'Demo accounts and terminals',
    access: 'public',
    reply: system.demoSchema,
  },
  demoSignIn: {
    summary: 'Sign in as a demo account',
    access: 'public',
    body: system.demoSignInSchema,
    reply: people.meSchema,
  },
  viewInvitation: {
    summary: 'What an invitation is for',
    access: 'public',
    reply: people.invitationViewSchema,
  },
  acceptInvitation: {
    summary: 'Set the first password',
    access: 'public',
    body: people.acceptInvitationSchema,
    reply: common.doneSchema,
  },
  passkeyChallenge: {
    summary: 'A passkey challenge for one case, or one refund',
    access: ['approver', 'merchant'],
    body: people.passkeyChallengeRequestSchema,
    reply: people.passkeyChallengeSchema,
  },
} as const satisfies Partial<Record<RouteName, RouteSpec>>;
