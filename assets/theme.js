// Chooses light or dark before the first paint: the saved choice, else what the system asks for.
// Loaded in <head>. Charts listen for "themechange" on document and draw again.
(() => {
  const KEY = "theme";
  const system = matchMedia("(prefers-color-scheme: dark)");

  const saved = () => {
    try {
      const theme = localStorage.getItem(KEY);
      return theme === "dark" || theme === "light" ? theme : null;
    } catch {
      return null; // storage may be blocked; the choice then lasts as long as the page
    }
  };

  const apply = (theme) => {
    const root = document.documentElement;
    const changed = root.dataset.bsTheme !== theme;
    root.dataset.bsTheme = theme;
    if (document.body) document.body.dataset.agThemeMode = theme;
    label(theme);
    if (changed) document.dispatchEvent(new CustomEvent("themechange", { detail: { theme } }));
  };

  const label = (theme) => {
    const text = `Switch to the ${theme === "dark" ? "light" : "dark"} theme`;
    const button = document.getElementById("theme-toggle");
    if (!button || button.getAttribute("aria-label") === text) return;
    button.setAttribute("aria-label", text);
    button.title = text;
  };

  const current = () => document.documentElement.dataset.bsTheme;
  const follow = () => apply(saved() || (system.matches ? "dark" : "light"));

  follow();
  system.addEventListener("change", follow);
  addEventListener("storage", (event) => event.key === KEY && follow());
  document.addEventListener("DOMContentLoaded", follow);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#theme-toggle")) return;
    const theme = current() === "dark" ? "light" : "dark";
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // see saved()
    }
    apply(theme);
  });
  // The button is drawn later, by the page.
  const drawn = new MutationObserver(() => {
    label(current());
    if (document.getElementById("theme-toggle")) drawn.disconnect();
  });
  drawn.observe(document.documentElement, { childList: true, subtree: true });
})();
