import { configFromEnvironment } from './config.ts';
import { startServer } from './start.ts';

const server = await startServer(configFromEnvironment(process.env));

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void server.close().then(() => {
      process.exitCode = 0;
    });
  });
}
