// Says so, with a way on, when the page's own files do not come: not even an error of the app can be shown without them.
(() => {
  var patienceMs = 15000;
  var style = document.currentScript.src.replace('late.js', 'offline.css');
  function tell() {
    var app = document.getElementById('app');
    if (!app || app.firstChild) return;
    // Within #app: the app throws it out when it comes after all.
    var link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = style;
    app.append(link, document.getElementById('late').content.cloneNode(true));
    app.querySelector('a').href = location.href;
  }
  setTimeout(tell, patienceMs);
  addEventListener('error', (event) => event.target instanceof HTMLScriptElement && tell(), true);
})();
