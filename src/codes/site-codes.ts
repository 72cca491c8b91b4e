import { CodeCollector, codePictures, codeText, readCode } from '../../protocol/codes/code.ts';
import type { Code, CodeKind } from '../../protocol/codes/code.ts';
import {
  decodeSiteAnswer,
  decodeSiteAsk,
  encodeSiteAnswer,
  encodeSiteAsk,
  isAnswerTo,
  siteAskPayload,
  sitePayloadHash,
} from '../../protocol/codes/site.ts';
import type { ReadSiteAsk, SiteAnswer, SiteAsk } from '../../protocol/codes/site.ts';

// What technician and second person show each other: one door for the screens of both.
export {
  CodeCollector,
  codePictures,
  codeText,
  decodeSiteAnswer,
  decodeSiteAsk,
  encodeSiteAnswer,
  encodeSiteAsk,
  isAnswerTo,
  readCode,
  siteAskPayload,
  sitePayloadHash,
};
export type { Code, CodeKind, ReadSiteAsk, SiteAnswer, SiteAsk };
