import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { type Lang, LanguageProvider } from '../i18n';
import type { Catalogue } from '../i18n/keys';
import { Notices } from '../ui/notices';
import { queryClient } from './queries';
import { Shell } from './Shell';
import { SessionGate } from './session';
import { cssVariables, schemeManager, theme } from './theme';

// Mantine's own style tags carry the nonce that the server put into the page.
const nonce = () => document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';

export function App({ first }: { first: { lang: Lang; catalogue: Catalogue } }) {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      colorSchemeManager={schemeManager}
      defaultColorScheme="auto"
      getStyleNonce={nonce}
    >
      <QueryClientProvider client={queryClient}>
        <LanguageProvider first={first}>
          <SessionGate>
            <Shell />
          </SessionGate>
          <Notices />
        </LanguageProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
}
