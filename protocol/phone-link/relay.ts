import * as v from 'valibot';
import { closeWords } from './failures.ts';

/** Characters of a link's name. */
export const linkIdPattern = /^[A-Za-z0-9_-]{22}$/;
const key = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{22}$/));

/**
 * PUT /api/link/:id, by a terminal that is signed in: opens the mailbox, or takes it again. Answer: `{key}`. PUT …/shown,
 * by anybody: the mailbox of a code that a phone shows.
 */
export const openLinkSchema = v.strictObject({ hello: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{88}$/)) });
/** POST …/close: nothing more comes; `why` is told to a phone that comes later. */
export const closeLinkSchema = v.strictObject({ key, why: v.picklist(closeWords) });
/** POST …/join, without a socket: with the mailbox's key as its terminal, else as a phone. Answer: `{seat, hello}`. */
export const joinLinkSchema = v.strictObject({ key: v.optional(key) });
/** What a terminal says first on its socket, and when it closes the mailbox. */
export const socketWordSchema = v.union([v.strictObject({ key }), v.strictObject({ shut: v.picklist(closeWords) })]);
