import './styles';
import { createRoot } from 'react-dom/client';
import { loadCatalogue, rememberedLang } from '../i18n';
import { restore } from '../offline/keep';
import { watchWorker } from '../offline/register';
import { App } from './App';
import { queryClient } from './queries';

async function start() {
  const lang = rememberedLang() ?? 'zh-CN';
  const [catalogue] = await Promise.all([loadCatalogue(lang), restore(queryClient)]);
  const root = document.getElementById('app');
  if (!root) throw new Error('index.html has no #app');
  createRoot(root).render(<App first={{ lang, catalogue }} />);
  watchWorker();
}

void start();
