import { mount } from 'svelte';
import '../styles/index.css';
import { app } from '../i18n/app.ts';
import { shared } from '../i18n/shared.ts';
import App from './App.svelte';
import { createShell } from './context.ts';

const shell = createShell();
shell.preferences.start();
const texts = Promise.all([shared.load(), app.load()]);
const who = shell.session.load();
await Promise.all([texts, who]);

const target = document.getElementById('app');
if (target === null) throw new Error('main: index.html has no #app');
mount(App, { target, props: { shell } });

shell.router.listen();
shell.jobs.guardUnload();
addEventListener('online', () => shell.events.retryNow());
if (import.meta.env.PROD) void shell.updates.start('/service-worker.js');
