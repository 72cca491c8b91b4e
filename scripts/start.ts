import { startFromCommandLine } from './start-stack.ts';

await startFromCommandLine({ serveBuiltApp: true });
