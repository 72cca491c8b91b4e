import { startServer } from '../../../server/start.ts';

// A server of its own process, for the test that kills it: `node kill-server.ts DATA_DIR DATABASE_URL`.
const [dataDir = '', databaseUrl = ''] = process.argv.slice(2);
const demo = { terminals: [], worldUrl: 'http://localhost/', accountDomain: 'test.invalid' };
const server = await startServer({ dataDir, databaseUrl, demo, logLevel: 'error' });
process.stdout.write(`${server.url}\n`);
