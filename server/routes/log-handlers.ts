import { ok } from '../../domain/result.ts';
import type { RouteName } from '../../protocol/http/paths.ts';
import type { Answer } from '../answer.ts';
import type { ServerContext } from '../context.ts';
import type { Handlers } from '../http/mount.ts';

type Named<N extends RouteName> = Handlers<N>;

const plain = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };

function textOf(answer: Answer<string>): Answer<never> | Response {
  return answer.ok ? new Response(answer.value, { headers: plain }) : answer;
}

/** The transparency log. */
export function logHandlers({ services: { log } }: ServerContext) {
  return {
    logCheckpoint: async () => textOf(await log.checkpoint()),
    logKey: async () => new Response(await log.keys(), { headers: plain }),
    logConsistency: ({ query }) => log.consistency(query.from, query.to),
    logInclusion: ({ query }) => log.inclusion(query.index, query.size),
    submitCosignature: ({ body }) => log.cosign(body.size, body.line),
    listWitnesses: async () => ok({ items: await log.witnesses() }),
    caseFile: async ({ params }) => {
      const file = await log.caseFile(params['id'] ?? '');
      if (!file.ok) return file;
      const name = `case-${(params['id'] ?? '').slice(-8)}.txt`;
      return new Response(file.value, {
        headers: { ...plain, 'content-disposition': `attachment; filename="${name}"` },
      });
    },
  } satisfies Named<
    'logCheckpoint' | 'logKey' | 'logConsistency' | 'logInclusion' | 'submitCosignature' | 'listWitnesses' | 'caseFile'
  >;
}
