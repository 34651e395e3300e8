import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { type Lang, LanguageProvider } from '../i18n';
import type { Catalogue } from '../i18n/keys';
import { Notices } from '../ui/notices';
import { pageNonce } from './nonce';
import { queryClient } from './queries';
import { Boundary, Shell } from './Shell';
import { SessionGate } from './session';
import { cssVariables, schemeManager, theme } from './theme';

export function App({ first }: { first: { lang: Lang; catalogue: Catalogue } }) {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      colorSchemeManager={schemeManager}
      defaultColorScheme="auto"
      getStyleNonce={pageNonce}
    >
      <QueryClientProvider client={queryClient}>
        <LanguageProvider first={first}>
          <Boundary>
            <SessionGate>
              <Shell />
            </SessionGate>
          </Boundary>
          <Notices />
        </LanguageProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
}
