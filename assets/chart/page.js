// The chart page: its address says what is seen, and what a control changes goes into it.
(() => {
  const PATH = "/chart";
  const WRITE_AFTER_MS = 200; // a wheel turns many times; the address follows when it rests
  const USUAL = { style: "candles", log: false, zone: "exchange" };
  const nothing = () => window.dash_clientside.no_update;

  const isHere = () => window.location.pathname.endsWith(PATH) && document.getElementById("ch-head");

  // Lists stay readable: commas and colons need no code in a query.
  const searchOf = (values) => {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(values)) if (value) query.set(name, value);
    const text = query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
    return text && `?${text}`;
  };

  const asked = () => Object.fromEntries(new URLSearchParams(window.location.search));

  const go = (changes) => {
    if (!changes || !isHere()) return nothing();
    const { at, ...values } = changes;
    const within = isHere().contains(document.activeElement);
    focused = at !== undefined || within ? document.activeElement.id || "none" : "";
    document.getElementById("ch-indicator")?.close();
    const symbol = document.getElementById("ch-symbol")?.value.trim().toUpperCase();
    clearTimeout(writing);
    window.dash_clientside.set_props("ch-url", { search: searchOf({ symbol, ...asked(), ...values }) });
    return nothing();
  };

  // The head is made again, and with it goes the control that had the focus.
  let focused = "";
  document.addEventListener("chart:drawn", () => {
    if (focused && isHere() && document.activeElement === document.body) {
      const same = document.getElementById(focused);
      const menu = document.querySelector(".chart-menu-box [data-menu]");
      (same ?? menu)?.focus({ preventScroll: true });
    }
    focused = "";
  });

  // What the chart shows is written over the entry of the history, so that Back leaves the page.
  let writing = 0;
  const write = () => {
    const chart = window.chart.current();
    if (!isHere() || !chart?.element.isConnected || !chart.spec.url.startsWith("/api/chart")) return;
    const { symbol, resolution, ind, compare } = Object.fromEntries(new URLSearchParams(chart.spec.url.split("?")[1]));
    const { from, to, style, log, zone } = window.chart.state();
    const [lo, hi] = chart.wanted;
    const whole = lo <= 0 && hi >= chart.figure.bars - 1;
    const search = searchOf({
      symbol,
      resolution,
      start: whole ? "" : from,
      end: whole ? "" : to,
      ind,
      compare,
      style: style === USUAL.style ? "" : style,
      log: log ? "1" : "",
      zone: zone === USUAL.zone ? "" : zone,
    });
    if (search !== window.location.search) window.history.replaceState(window.history.state, "", PATH + search);
  };

  const writeSoon = () => {
    clearTimeout(writing);
    if (isHere()) writing = setTimeout(write, WRITE_AFTER_MS);
  };
  for (const name of ["chart:view", "chart:options"]) document.addEventListener(name, writeSoon);
  window.addEventListener("popstate", () => clearTimeout(writing));

  const menus = () => document.querySelectorAll("[data-menu]");
  const toggle = (button, open) => {
    button.setAttribute("aria-expanded", String(open));
    document.getElementById(button.dataset.menu).hidden = !open;
  };
  const closeMenus = (except) => {
    for (const button of menus()) if (button !== except) toggle(button, false);
  };

  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-menu]");
    closeMenus(opener);
    if (opener) toggle(opener, opener.getAttribute("aria-expanded") !== "true");
    const button = event.target.closest?.("button[data-go]");
    if (button) go({ [button.dataset.go]: button.dataset.value });
  });

  const FIELDS = { "ch-symbol": "symbol", "ch-compare": "compare" };
  const say = ({ target }) => {
    const name = FIELDS[target.id];
    const value = target.value?.trim().toUpperCase();
    if (!name || (asked()[name] ?? "") === value) return;
    if (value || name === "compare") go({ [name]: value });
  };
  document.addEventListener("change", say);
  // A symbol picked from the list is meant at once; what is typed, when it is left or entered.
  document.addEventListener("input", (event) => event.inputType === undefined && say(event));

  const menuKeys = (event) => {
    const menu = event.target.closest?.(".chart-menu-box");
    if (!menu) return;
    const opener = menu.querySelector("[data-menu]");
    if (event.key === "Escape") {
      toggle(opener, false);
      opener.focus();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    toggle(opener, true);
    const offers = [...menu.querySelectorAll(".chart-offer")];
    const next = offers.indexOf(document.activeElement) + step;
    offers[(next + offers.length) % offers.length].focus();
  };

  document.addEventListener("keydown", (event) => {
    menuKeys(event);
    const inForm = event.key === "Enter" && event.target.closest?.("#ch-indicator-body input");
    if (!inForm) return;
    event.preventDefault();
    event.target.blur(); // the value counts when the field is left
    setTimeout(() => document.getElementById("ch-indicator-apply").click());
  });

  const opened = (form) => {
    const dialog = document.getElementById("ch-indicator");
    if (form && dialog && !dialog.open) {
      dialog.showModal();
      requestAnimationFrame(() => dialog.querySelector("input, select")?.select?.());
    }
    return nothing();
  };

  const title = (text) => {
    if (text) document.title = text;
    return nothing();
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, { chartPage: { go, opened, title } });
})();
