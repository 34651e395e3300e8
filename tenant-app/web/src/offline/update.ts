// The offer of a new version, in the language of the page.
import { loadCatalogue, rememberedLang, type Translate } from '../i18n';
import { translator } from '../i18n/translate';
import type { notify } from '../ui/notices';

export async function announceUpdate(take: () => void, show: typeof notify) {
  const lang = rememberedLang() ?? 'zh-CN';
  const t: Translate = translator(lang, await loadCatalogue(lang));
  show({
    tone: 'plain',
    text: t('shell.newVersion'),
    action: { label: t('shell.useNewVersion'), run: take },
  });
}
