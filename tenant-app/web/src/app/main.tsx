import './early';
import './styles';
import { createRoot } from 'react-dom/client';
import { loadCatalogue, rememberedLang } from '../i18n';
import zh from '../i18n/zh-CN';
import { restore } from '../offline/keep';
import { watchWorker } from '../offline/register';
import { App } from './App';
import { queryClient } from './queries';

// What a device kept, and another language, are no reason to show nothing.
const patienceMs = 5_000;

const atMost = <T,>(what: Promise<T>, otherwise: T): Promise<T> =>
  Promise.race([
    what.catch(() => otherwise),
    new Promise<T>((done) => setTimeout(done, patienceMs, otherwise)),
  ]);

async function words() {
  const lang = rememberedLang() ?? 'zh-CN';
  return { lang, catalogue: await loadCatalogue(lang) };
}

async function start() {
  const [first] = await Promise.all([
    atMost(words(), { lang: 'zh-CN' as const, catalogue: zh }),
    atMost(restore(queryClient), undefined),
  ]);
  const root = document.getElementById('app');
  if (!root) throw new Error('index.html has no #app');
  createRoot(root).render(<App first={first} />);
  watchWorker();
}

void start();
