import { toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import { type ApiErrorCode, apiErrorCodes, errorBodySchema } from '../../protocol/http/common.ts';
import { endpoints, type RouteName } from '../../protocol/http/paths.ts';
import type { RouteSpec } from '../../protocol/http/route-spec.ts';
import { routes } from '../../protocol/http/routes.ts';
import { idempotencyKeyHeader, personHeader, replayedHeader } from '../../protocol/http/idempotency.ts';
import { photoKindHeader, photoKinds } from '../../protocol/http/photos.ts';
import { statusOf } from './errors.ts';

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document of every route, from the same schemas that the server parses with. */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const name of Object.keys(endpoints) as RouteName[]) {
    const [method, path] = endpoints[name];
    const key = path.replace(/:(\w+)/g, '{$1}');
    paths[key] = { ...paths[key], [method.toLowerCase()]: operation(name, routes[name]) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tillkeeper',
      version,
      description: 'Bytes are base64url without padding. Times are ISO 8601 in UTC. Ids are UUIDs made by the client.',
    },
    paths,
    components: {
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'tillkeeper.session_token' },
        terminal: { type: 'http', scheme: 'bearer', description: 'Session of a terminal’s app (`appSignIn`).' },
        apiKey: { type: 'http', scheme: 'bearer', description: 'API key of a merchant, `tk_…`.' },
      },
      schemas: { Error: schemaOf(errorBodySchema) },
      responses: {
        Error: {
          description: (Object.keys(apiErrorCodes) as ApiErrorCode[])
            .map((code) => `\`${code}\` (${String(statusOf(code))}): ${apiErrorCodes[code]}`)
            .join('\n'),
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
        },
      },
    },
  };
}

function schemaOf(schema: v.GenericSchema, typeMode: 'input' | 'output' = 'output'): Json {
  const { $schema: _dialect, ...json } = toJsonSchema(schema, {
    typeMode,
    errorMode: 'ignore',
    target: 'draft-2020-12',
  });
  return json;
}

function operation(name: RouteName, spec: RouteSpec): Json {
  return {
    operationId: name,
    summary: spec.summary,
    security: securityOf(spec.access),
    ...(Array.isArray(spec.access) ? { 'x-roles': spec.access } : {}),
    parameters: [
      ...pathParameters(name),
      ...queryParameters(spec),
      ...(spec.body === 'photo' ? [photoHeader] : []),
      ...(isKeyed(name, spec) ? [keyHeader, writerHeader] : []),
    ],
    ...(spec.body === undefined ? {} : { requestBody: { required: true, content: bodyContent(spec.body) } }),
    responses: { [String(spec.status ?? 200)]: success(name, spec), default: { $ref: '#/components/responses/Error' } },
  };
}

/** Scopes of bearer tokens are named as roles are for sessions (OpenAPI 3.1, "Security Requirement Object"). */
function securityOf(access: RouteSpec['access']): Json[] {
  if (access === 'public') return [];
  if (access === 'terminal') return [{ terminal: [] }];
  return typeof access === 'string' && access !== 'any' ? [{ apiKey: [access] }] : [{ session: [] }];
}

const keyHeader = {
  name: idempotencyKeyHeader,
  in: 'header',
  required: false,
  description: 'Made before the first attempt; the same call with the same key is done once and answered alike.',
  schema: { type: 'string', format: 'uuid' },
};
const writerHeader = {
  name: personHeader,
  in: 'header',
  required: false,
  description:
    'Id of the person for whom the call was written down; in another person’s session it is `unauthenticated`.',
  schema: { type: 'string' },
};
/** Headers of an answer to a call with a key. */
const keyedAnswerHeaders = {
  [idempotencyKeyHeader]: { description: 'The key of the call.', schema: { type: 'string', format: 'uuid' } },
  [replayedHeader]: {
    description: 'Present when the answer is the one kept from an earlier attempt; kept for 30 days.',
    schema: { const: 'true' },
  },
};
const photoHeader = { name: photoKindHeader, in: 'header', required: true, schema: { enum: photoKinds } };

function isKeyed(name: RouteName, spec: RouteSpec): boolean {
  return endpoints[name][0] !== 'GET' && spec.access !== 'public';
}

function pathParameters(name: RouteName): Json[] {
  const names = [...endpoints[name][1].matchAll(/:(\w+)/g)].map((match) => match[1]);
  return names.map((parameter) => ({ name: parameter, in: 'path', required: true, schema: { type: 'string' } }));
}

function queryParameters(spec: RouteSpec): Json[] {
  if (spec.query === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(spec.query, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => {
    return { name, in: 'query', required: required.includes(name), schema };
  });
}

function bodyContent(body: NonNullable<RouteSpec['body']>): Json {
  if (body === 'photo') return { 'image/jpeg': { schema: { type: 'string', format: 'binary' } } };
  return { 'application/json': { schema: schemaOf(body, 'input') } };
}

function success(name: RouteName, spec: RouteSpec): Json {
  return { ...content(spec), ...(isKeyed(name, spec) ? { headers: keyedAnswerHeaders } : {}) };
}

function content(spec: RouteSpec): Json {
  if (spec.reply === 'photo') return { description: 'The picture', content: { 'image/jpeg': {}, 'image/png': {} } };
  if (spec.reply === 'events') return { description: 'Server-sent events', content: { 'text/event-stream': {} } };
  if (spec.reply === 'text') return { description: 'Plain text', content: { 'text/plain': {} } };
  if (spec.reply === 'file')
    return { description: 'A file to keep', content: { 'text/csv': {}, 'application/octet-stream': {} } };
  if (spec.reply === 'openapi') return { description: 'OpenAPI document', content: { 'application/json': {} } };
  return { description: 'Success', content: { 'application/json': { schema: schemaOf(spec.reply) } } };
}
