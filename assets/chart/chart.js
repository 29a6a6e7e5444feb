// The main chart of a page: which part of which bars is shown, and how it is asked for. The server
// sends a figure for what is in view; what draws it stands in drawing.js.
(() => {
  const charting = (window.charting ??= {});
  const NO_ANSWER = "The server does not answer: the chart shows what it has.";
  const PATIENCE_MS = 250; // a move that goes on lets answers pass, but not for longer than this
  const LEAST_BARS = 5;
  const MOST_OF_ALL = 1.2; // how much wider than all bars a view may be
  const KEPT_IN_VIEW = 0.2; // of the view must be bars

  let current = null;

  const announce = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));
  const localZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
  const inView = (figure) => figure.layout.xaxis.range.map((end, i) => end + (i ? -0.5 : 0.5));

  const address = (chart, where) => {
    const { style, log, zone, until } = chart.options;
    const query = new URLSearchParams();
    const put = (name, value) => value !== null && value !== undefined && query.set(name, value);
    for (const [name, value] of Object.entries(where)) put(name, value);
    if (style !== "candles") put("style", style);
    if (log) put("log", "1");
    if (zone !== "exchange") put("zone", zone === "local" ? localZone() : zone);
    put("until", until);
    if (where.trade === undefined) put("mark", chart.trade);
    return `${chart.spec.url}${chart.spec.url.includes("?") ? "&" : "?"}${query}`;
  };

  const answer = async (chart, where) => {
    const reply = await fetch(address(chart, where));
    if (!reply.ok) throw new Error(await reply.text());
    return reply.json();
  };

  // One request at a time: what is wanted meanwhile is asked for next, the rest is forgotten.
  const work = async (chart) => {
    while (chart.next) {
      const where = chart.next;
      chart.next = null;
      try {
        const figure = await answer(chart, where);
        if (chart !== current) return;
        if (chart.next && performance.now() - chart.paintedAt < PATIENCE_MS) continue;
        await take(chart, figure, where);
      } catch (error) {
        if (chart === current && !chart.next) giveUp(chart, error);
      }
    }
  };

  // A request that fails before any answer is a TypeError with the browser's own words.
  const giveUp = (chart, error) => {
    chart.wanted = inView(chart.figure);
    charting.preview(chart);
    window.shell.showToast(error instanceof TypeError ? NO_ANSWER : error.message, "error");
  };

  const take = async (chart, figure, where) => {
    chart.figure = figure;
    chart.range = where.range ?? null;
    if (!chart.next) chart.wanted = inView(figure);
    await charting.paint(chart);
    if (chart !== current) return;
    chart.paintedAt = performance.now();
    const before = chart.trade;
    chart.trade = figure.selected?.number ?? null;
    announce("chart:view", figure.view ?? {});
    if (chart.trade !== before) announce("chart:trade", { number: chart.trade });
  };

  const ask = (where) => {
    const chart = current;
    if (!chart) return Promise.resolve();
    chart.next = where;
    chart.working ??= work(chart).finally(() => (chart.working = null));
    return chart.working;
  };

  const asPositions = (chart) => ({ lo: chart.wanted[0], hi: chart.wanted[1] });

  const limited = (lo, hi, bars) => {
    const middle = (lo + hi) / 2;
    const width = Math.min(Math.max(hi - lo, LEAST_BARS), Math.max(bars * MOST_OF_ALL, LEAST_BARS));
    const kept = Math.min(width * KEPT_IN_VIEW, bars);
    const left = Math.min(Math.max(middle - width / 2, kept - width), bars - 1 - kept);
    return [left, left + width];
  };

  // Shows at once what is loaded of another view; `moving` ones need no answer yet.
  const move = (lo, hi, moving = false) => {
    if (!current) return Promise.resolve();
    current.wanted = limited(lo, hi, current.figure.bars);
    charting.preview(current);
    return moving && covered(current) ? Promise.resolve() : ask(asPositions(current));
  };

  // Bars that are loaded reach over the wanted view, and are not many too fine for it.
  const covered = ({ figure, wanted }) => {
    const { x } = figure.data[0];
    const half = figure.step / 2;
    const left = x[0] - half <= Math.max(wanted[0], 0);
    return left && x[x.length - 1] + half >= Math.min(wanted[1], figure.bars - 1);
  };

  const show = (where) => {
    if (!current) return Promise.resolve();
    if ("lo" in where) return move(where.lo, where.hi);
    return ask(where);
  };

  const set = (changes) => {
    if (!current) return Promise.resolve();
    const { mark, ...options } = changes;
    Object.assign(current.options, options);
    if (Object.keys(options).length) announce("chart:options", { ...current.options });
    const before = current.trade;
    if (mark !== undefined) current.trade = mark;
    if (current.trade !== before) announce("chart:trade", { number: current.trade });
    return ask(current.next && !("lo" in current.next) ? current.next : asPositions(current));
  };

  const state = () => {
    if (!current) return {};
    const { style, log, zone } = current.options;
    return { ...current.figure.view, style, log, zone, trade: current.trade, range: current.range };
  };

  // The panel that came with the spec may not stand in the document yet.
  const panel = async () => {
    let element = document.getElementById("chart");
    while (!element) {
      await new Promise(requestAnimationFrame);
      element = document.getElementById("chart");
    }
    return element;
  };

  const bringUp = (element, isNeeded) => {
    if (element && isNeeded(element.getBoundingClientRect())) element.scrollIntoView({ block: "start" });
  };

  const start = async (spec) => {
    const element = await panel();
    const { style = "candles", log = false, zone = "exchange" } = spec.state ?? {};
    const chart = {
      element,
      box: element.closest(".chart-box"),
      spec,
      figure: spec.figure,
      options: { style, log, zone, until: null },
      trade: spec.figure.selected?.number ?? null,
      wanted: inView(spec.figure),
      range: spec.state?.range ?? null,
      paintedAt: 0,
    };
    current = chart;
    charting.attach(chart);
    const report = document.getElementById("report");
    if (report) delete report.dataset.stale;
    // On a phone the report stands below the form.
    bringUp(element.closest(".report"), (box) => box.top > window.innerHeight);
    await charting.paint(chart);
    if (chart !== current) return;
    chart.paintedAt = performance.now();
    announce("chart:drawn", { spec });
    announce("chart:options", { ...chart.options });
    announce("chart:trade", { number: chart.trade });
    // Only the browser knows where it is.
    if (zone === "local") await ask(asPositions(chart));
  };

  const nothing = () => window.dash_clientside.no_update;

  const draw = (spec) => {
    if (spec) start(spec).catch((error) => window.shell.showToast(error.message, "error"));
    return nothing();
  };

  const showTrade = (number) => {
    if (!current || number === current.trade) return Promise.resolve();
    bringUp(current.box, (box) => box.top < 0);
    return show({ trade: number });
  };

  // A trade that the chart chose is chosen in the table too, when there is one.
  const markTrade = (number) => {
    chooseRow(number);
    return set({ mark: number });
  };

  const chooseRow = (number) => {
    if (!document.getElementById("trades-grid")) return;
    const id = String(number);
    window.dash_clientside.set_props("trades-grid", {
      selectedRows: { ids: [id] },
      scrollTo: { rowId: id, rowPosition: "middle" },
    });
  };

  const stepTrade = (by) => {
    const count = current?.spec.trades ?? 0;
    if (!count) return;
    const from = current.trade ?? (by > 0 ? 0 : count + 1);
    const number = Math.min(Math.max(from + by, 1), count);
    chooseRow(number);
    showTrade(number);
  };

  // Rows chosen in the table. What markTrade chooses there comes back too: first as {ids: …},
  // then as the row of the trade that is selected already.
  const select = (rows) => {
    if (Array.isArray(rows) && rows.length) showTrade(Number(rows[0].id));
    return nothing();
  };

  document.addEventListener("chart:look", () => {
    if (current?.element.isConnected) charting.paint(current);
  });

  Object.assign(charting, { chart: () => current, move, markTrade, stepTrade });
  window.chart = {
    current: () => current && { ...current, options: { ...current.options } },
    show,
    set,
    state,
  };
  window.dash_clientside = Object.assign({}, window.dash_clientside, { chart: { draw, select } });
})();
