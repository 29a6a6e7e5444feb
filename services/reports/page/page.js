// What every part of the report's page needs: its data, the colours that are on, and plots.
window.report = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const redraws = [];

  const token = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  const resolved = (value) => {
    if (typeof value === "string") return value.startsWith("--") ? token(value) : value;
    if (Array.isArray(value)) return typeof value[0] === "number" ? value : value.map(resolved);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolved(item)]));
    }
    return value;
  };

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  const onTheme = (redraw) => redraws.push(redraw);
  const redraw = () => redraws.forEach((one) => one());
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  // Paper is light, whatever the screen is.
  window.addEventListener("beforeprint", () => {
    root.dataset.print = "on";
    redraw();
  });
  window.addEventListener("afterprint", () => {
    delete root.dataset.print;
    redraw();
  });

  return { data, make, onTheme, resolved, token };
})();
