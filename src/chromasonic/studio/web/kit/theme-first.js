/** Light or dark before anything is painted: what was chosen, else what the system has. Not a module,
 * so that it comes first. */
(() => {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const show = () => {
    let chosen = null;
    try {
      chosen = localStorage.getItem('chromasonic-theme');
    } catch { /* a browser that keeps nothing follows the system */ }
    const isDark = chosen ? chosen === 'dark' : system.matches;
    document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
  };
  system.addEventListener('change', show);
  show();
})();
