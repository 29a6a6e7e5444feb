// Keys that work on every page: ? shows them, g and a letter goes to a page. And `visit`, by which
// scripts go to a page of the program without loading it anew.
(() => {
  const PAGES = { h: "/", d: "/data", c: "/chart", b: "/backtest", r: "/runs" };
  const SECOND_KEY_MS = 1200;

  const visit = (address) => {
    if (address !== location.pathname + location.search) {
      history.pushState({}, "", address);
      dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    }
    scrollTo(0, 0);
  };

  const isWriting = (element) =>
    element?.isContentEditable || element?.matches?.("input:not([type=checkbox], [type=radio]), textarea, select");

  let wentAt = -Infinity;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isWriting(event.target) || document.querySelector("dialog[open], .modal.show")) return;
    const second = performance.now() - wentAt < SECOND_KEY_MS;
    wentAt = -Infinity;
    if (second && event.key in PAGES) {
      event.preventDefault();
      visit(PAGES[event.key]);
    } else if (event.key === "g") wentAt = performance.now();
    else if (event.key === "?") {
      event.preventDefault();
      window.shell.openDialog("keyboard-help");
    }
  });

  window.shell = Object.assign(window.shell || {}, { visit });
})();
