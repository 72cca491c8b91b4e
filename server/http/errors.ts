import { type ApiErrorCode, apiErrorCodes, type ErrorBody } from '../../protocol/http/common.ts';

const statuses: Readonly<Record<ApiErrorCode, number>> = {
  'bad-request': 400,
  unauthenticated: 401,
  forbidden: 403,
  'bad-origin': 403,
  'not-found': 404,
  'not-in-state': 409,
  'already-exists': 409,
  'exists-with-different-body': 422,
  'key-reused': 422,
  'in-progress': 409,
  'too-large': 413,
  'bad-photo': 415,
  'rate-limited': 429,
  'factor-needed': 403,
  'factor-wrong': 403,
  'same-person': 403,
  'already-decided': 409,
  'ticket-not-yours': 403,
  'unknown-terminal': 404,
  'request-unreadable': 422,
  'bad-signature': 422,
  'wrong-terminal': 422,
  'wrong-size': 422,
  'receipt-unknown': 422,
  'too-many-keys': 409,
  'report-refused': 422,
  'terminal-busy': 409,
  paused: 409,
  'channel-unavailable': 409,
  'limit-reached': 409,
  'fee-refused': 409,
  expired: 410,
  'timed-out': 503,
  internal: 500,
};

const nextSteps: Partial<Readonly<Record<ApiErrorCode, string>>> = {
  'bad-request': 'Correct the field and send again.',
  unauthenticated: 'Sign in.',
  forbidden: 'Ask a colleague whose role may do this.',
  'not-in-state': 'Load it again to see where it stands.',
  'already-exists': 'Use the one that exists, or choose another name.',
  'exists-with-different-body': 'Make a new id for a new request.',
  'key-reused': 'Make a new key for a new call.',
  'in-progress': 'Send the same call again in a second.',
  'too-large': 'Send less, or scale the picture down.',
  'bad-photo': 'Send a JPEG or PNG picture.',
  'rate-limited': 'Wait a quarter of an hour, then try again.',
  'factor-needed': 'Use your passkey or type the code of your authenticator.',
  'factor-wrong': 'Wait for the next code, or use your passkey again.',
  'same-person': 'Ask another approver.',
  'already-decided': 'Load the case again to see the decision.',
  'ticket-not-yours': 'Claim the ticket, or ask the office to assign it to you.',
  'unknown-terminal': 'Ask the office to register the terminal.',
  'request-unreadable': 'Give the terminal the present keyset, then read a fresh request.',
  'bad-signature': 'Read the terminal again; if it stays, send it to the depot.',
  'wrong-terminal': 'Plug in the terminal of this case.',
  'wrong-size': 'Read the request again.',
  'too-many-keys': 'Revoke a key that you no longer use, then enrol this one.',
  'terminal-busy': 'Finish or end that order first.',
  paused: 'Ask the merchant or the office to let payments go on.',
  'channel-unavailable': 'Choose another channel.',
  'limit-reached': 'Choose another channel, or pay in parts.',
  'fee-refused': 'Read the reason in `field`, put it right and try again.',
  'timed-out': 'Send the same request again.',
  internal: 'Try again; if it stays, tell the operator.',
};

/** The HTTP status of an error. */
export function statusOf(code: ApiErrorCode): number {
  return statuses[code];
}

/** An error as JSON with its status. For `bad-request` and the like, `field` names the place. */
export function errorResponse(code: ApiErrorCode, field?: string, message?: string): Response {
  const next = nextSteps[code];
  const body: ErrorBody = {
    error: {
      code,
      message: message ?? apiErrorCodes[code],
      ...(field === undefined ? {} : { field }),
      ...(next === undefined ? {} : { next }),
    },
  };
  return Response.json(body, { status: statuses[code] });
}
