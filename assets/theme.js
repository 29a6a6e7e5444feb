// Chooses light or dark, and the colours of gains and losses, before the first paint: the saved
// choice, else what the system asks for. Loaded in <head>. Charts listen for "themechange" on
// document, which comes after either has changed, and draw again.
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;

  // name of the choice -> its values (the second is the one that is off at first), and where it stands
  const CHOICES = {
    theme: { values: ["light", "dark"], key: "bsTheme", first: () => (system.matches ? "dark" : "light") },
    palette: { values: ["standard", "safe"], key: "palette", first: () => "standard" },
  };
  const LABELS = {
    theme: { light: "Switch to the dark theme", dark: "Switch to the light theme" },
    palette: {
      standard: "Switch to colour-blind-safe colours: blue and orange",
      safe: "Switch to the standard colours: green and red",
    },
  };

  const saved = (name) => {
    try {
      const value = localStorage.getItem(name);
      return CHOICES[name].values.includes(value) ? value : null;
    } catch {
      return null; // storage may be blocked; the choice then lasts as long as the page
    }
  };

  const current = (name) => root.dataset[CHOICES[name].key];

  const apply = (name, value) => {
    const changed = current(name) !== undefined && current(name) !== value;
    root.dataset[CHOICES[name].key] = value;
    if (document.body) document.body.dataset.agThemeMode = root.dataset.bsTheme;
    label(name);
    if (!changed) return;
    const detail = { theme: root.dataset.bsTheme, palette: root.dataset.palette };
    document.dispatchEvent(new CustomEvent("themechange", { detail }));
  };

  const label = (name) => {
    const text = LABELS[name][current(name)];
    const button = document.getElementById(`${name}-toggle`);
    if (!button || button.getAttribute("aria-label") === text) return;
    button.setAttribute("aria-label", text);
    button.title = text;
  };

  const toggle = (name) => {
    const value = CHOICES[name].values.find((one) => one !== current(name));
    try {
      localStorage.setItem(name, value);
    } catch {
      // see saved()
    }
    apply(name, value);
  };

  const follow = () => {
    for (const name of Object.keys(CHOICES)) apply(name, saved(name) || CHOICES[name].first());
  };

  follow();
  system.addEventListener("change", follow);
  addEventListener("storage", (event) => event.key in CHOICES && follow());
  document.addEventListener("DOMContentLoaded", follow);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#theme-toggle, #palette-toggle");
    if (button) toggle(button.id.replace("-toggle", ""));
  });
  // The buttons are drawn later, by the page.
  const drawn = new MutationObserver(() => {
    Object.keys(CHOICES).forEach(label);
    if (document.getElementById("theme-toggle")) drawn.disconnect();
  });
  drawn.observe(root, { childList: true, subtree: true });

  window.look = { current, toggle };
})();
