// What the pictures of an optimisation share: elements, the address of a combination's backtest,
// and drawing again what the server has changed.
(() => {
  const make = (tag, className = "", text = "") => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  };

  const called = (name) => name.replaceAll("_", " ");

  // The backtest at an address with these values of the parameters.
  const withParams = (address, names, values) => {
    const query = names.map((name, k) => `${encodeURIComponent(`p.${name}`)}=${encodeURIComponent(values[k])}`);
    return [address, ...query].join(address.includes("?") ? "&" : "?");
  };

  // Draws each element with an attribute when it is there, and again when the attribute changes.
  const drawEach = (attribute, draw) => {
    let asked = 0;
    new MutationObserver(() => {
      cancelAnimationFrame(asked);
      asked = requestAnimationFrame(() => {
        for (const place of document.querySelectorAll(`[${attribute}]`)) {
          const wanted = place.getAttribute(attribute);
          if (place.drawn === wanted) continue;
          place.drawn = wanted;
          draw(place);
        }
      });
    }).observe(document.documentElement, {
      childList: true, subtree: true, attributes: true, attributeFilter: [attribute],
    });
  };

  window.optimise = { make, called, withParams, drawEach };
})();
