// Runs before the first paint: the chosen colours and language, so that nothing flashes.
(() => {
  var root = document.documentElement;
  var scheme = 'auto';
  try {
    scheme = localStorage.getItem('atrium-scheme') || 'auto';
    root.lang = localStorage.getItem('atrium-lang') || root.lang;
  } catch (_) {
    // Storage is closed to this page: stay with what the system prefers.
  }
  var dark = scheme === 'dark' || (scheme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  root.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
