import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';

// The server behind `npm run dev`; `make office` sets it.
const app = process.env.ATRIUM_APP ?? 'http://127.0.0.1:8080';

// The host name is kept, so that Origin equals Host for the server's check.
const proxy = Object.fromEntries(
  ['/api', '/auth', '/login', '/files'].map((path) => [path, { target: app, changeOrigin: false, ws: true }]),
);

// Files that keep their place at the top of the site; all others live below /assets/<release>/.
const atTop = /^(icons\/|manifest\.webmanifest$)/;

export default defineConfig(({ command }) => ({
  // The build does not know its release: the server writes it into index.html and sw.js.
  base: command === 'build' ? '/assets/__RELEASE__/' : '/',
  html: { cspNonce: '__NONCE__' },
  experimental: {
    renderBuiltUrl(file, { hostType }) {
      if (hostType !== 'html') return { relative: true };
      return atTop.test(file) ? `/${file}` : `/assets/__RELEASE__/${file}`;
    },
  },
  build: {
    target: ['chrome105', 'safari16.4', 'firefox115'],
    assetsDir: 'a',
    manifest: 'files.json',
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { host: '127.0.0.1', port: 5173, strictPort: true, proxy },
  plugins: [
    react(),
    VitePWA({
      strategies: 'injectManifest',
      srcDir: 'src/offline',
      filename: 'sw.ts',
      injectRegister: false,
      manifest: false,
      injectManifest: {
        globPatterns: ['a/**/*.{js,css}', 'boot/*.js', 'icons/*.svg', 'offline.html'],
        minify: true,
      },
    }),
  ],
}));
