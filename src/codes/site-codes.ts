// What the technician's screen needs to show and read codes as text; the rest is in protocol/codes.
export { readCode } from '../../protocol/codes/code.ts';
export { encodeSiteAsk } from '../../protocol/codes/site.ts';
