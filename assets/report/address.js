// The address of a run's page says what is seen: zoom, tab, trade and the look of the chart.
(() => {
  const SETTLE_MS = 150; // a pan is many views
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

  window.report = Object.assign(window.report || {}, { query });
})();
