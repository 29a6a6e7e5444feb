// The address of a run's page says what is seen: zoom, tab, trade and the look of the chart. That of
// the backtest page says what was asked for.
(() => {
  const SETTLE_MS = 150; // a pan is many views
  const UNPAINTED_MS = 1000; // where no chart can be painted, the address is written all the same
  const FIRST_TAB = "overview";
  let timer = null;

  const showsAll = () => {
    const { wanted, figure } = window.chart?.current?.() || {};
    return !wanted || (wanted[0] < 0.5 && wanted[1] > figure.bars - 1.5);
  };

  // Only what differs from how a run opens.
  const query = () => {
    const { state } = window.report;
    const view = window.chart?.state?.() || {};
    const [from, to] = showsAll() ? [] : [view.from, view.to];
    const all = { from, to, tab: state.tab, trade: state.trade, style: view.style,
      log: view.log ? "1" : "", zone: view.zone };
    const usual = { tab: FIRST_TAB, style: "candles", zone: "exchange" };
    const told = Object.entries(all).filter(([name, value]) => value && value !== usual[name]);
    return new URLSearchParams(Object.fromEntries(told));
  };

  const write = () => {
    const { about } = window.report.state;
    if (!about?.is_page || location.pathname !== `/runs/${about.run}`) return;
    const text = query().toString();
    const wanted = location.pathname + (text && `?${text}`);
    if (wanted !== location.pathname + location.search) history.replaceState(history.state, "", wanted);
  };

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(write, SETTLE_MS);
  };
  for (const name of ["chart:view", "chart:options", "report:trade", "report:tab"]) {
    document.addEventListener(name, later);
  }

  let latest = null;
  const asked = (form, failed) => {
    if (!form) return window.dash_clientside.no_update;
    const write = () => {
      if (latest !== form) return;
      latest = null;
      window.dash_clientside.set_props("bt-url", { search: form.search });
    };
    latest = form;
    document.addEventListener("chart:painted", () => setTimeout(write), { once: true });
    setTimeout(write, failed ? 0 : UNPAINTED_MS);
    return window.dash_clientside.no_update;
  };

  const wanted = (search, shown) => (search === shown ? window.dash_clientside.no_update : search);

  window.report = Object.assign(window.report || {}, { query });
  const functions = { ...window.dash_clientside?.report, asked, wanted };
  window.dash_clientside = Object.assign({}, window.dash_clientside, { report: functions });
})();
