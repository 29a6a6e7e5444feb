// Gives elements of class is-still the HTML that they carry in data-html (components/still.py), as
// soon as Dash has made them: before anything is painted, and before the scripts that come after this
// one are told of it.
(() => {
  const still = document.getElementsByClassName("is-still");
  const held = new WeakMap();

  const fill = () => {
    for (const element of still) {
      const { html } = element.dataset;
      if (held.get(element) === html) continue;
      held.set(element, html);
      element.innerHTML = html;
    }
  };

  new MutationObserver(fill).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["data-html"],
  });
})();
