// The chart of a run: Plotly drawn directly, so that one zoom costs one redraw. The server sends
// figures for what is in view; their colours are names of CSS tokens, resolved here.
(() => {
  const NOTHING = () => window.dash_clientside.no_update;
  const CONFIG = { displayModeBar: false, scrollZoom: true, responsive: true, doubleClick: false };
  const LOAD_AFTER_MS = 60; // wheel events come in bursts: ask once they pause
  const TRADE_MARGIN = 0.75; // of a trade's length, shown before and after it
  const LEAST_MARGIN = 20; // bars
  const MARKER_REACH = 24; // pixels from a fill that count as on its marker
  const TICK_WIDTH = 70; // pixels that a tick's text needs
  const NO_ANSWER = "The server does not answer: the chart shows what it has.";

  let library = null;
  let current = null; // {element, spec, figure, selected, request, timer}

  const plotly = (url) => {
    library ??= new Promise((resolve, reject) => {
      if (window.Plotly) return resolve(window.Plotly);
      const script = Object.assign(document.createElement("script"), { src: url });
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => {
        library = null;
        reject(new Error("The chart library could not be loaded: load the page again."));
      };
      document.head.append(script);
    });
    return library;
  };

  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const resolved = (value) => {
    if (typeof value === "string") return value.startsWith("--") ? token(value) : value;
    if (Array.isArray(value)) return typeof value[0] === "number" ? value : value.map(resolved);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolved(item)]));
    }
    return value;
  };

  const selectionShape = (trade, bars) => ({
    type: "rect",
    xref: "x",
    yref: "paper",
    x0: trade.entry - 0.5,
    x1: (trade.exit < 0 ? bars - 1 : trade.exit) + 0.5,
    y0: 0,
    y1: 1,
    fillcolor: "--selection",
    line: { width: 1, color: "--accent" },
    layer: "below",
  });

  const fewerTicks = (axis, width) => {
    const each = Math.max(1, Math.ceil((axis.tickvals.length * TICK_WIDTH) / width));
    const kept = (_, i) => i % each === 0;
    return { ...axis, tickvals: axis.tickvals.filter(kept), ticktext: axis.ticktext.filter(kept) };
  };

  const paint = async (chart) => {
    const { element, figure, selected } = chart;
    const shapes = [...figure.layout.shapes];
    if (selected) shapes.push(selectionShape(selected, figure.bars));
    const Plotly = await plotly(element.dataset.plotly);
    if (chart !== current || !element.isConnected) return;
    const xaxis = fewerTicks(figure.layout.xaxis, element.clientWidth);
    const layout = resolved({ ...figure.layout, xaxis, shapes });
    await Plotly.react(element, resolved(figure.data), layout, CONFIG);
    if (!element.dataset.painted) bind(element);
    element.dataset.painted = Number(element.dataset.painted || 0) + 1;
    element.closest(".chart-box").classList.remove("is-loading");
    describe(chart);
  };

  // While the user moves the chart, an answer to an earlier move would pull it back.
  const hold = () => {
    clearTimeout(current.timer);
    current.request?.abort();
  };

  const bind = (element) => {
    element.addEventListener("wheel", hold, { capture: true, passive: true });
    element.on("plotly_relayouting", hold);
    element.on("plotly_relayout", (change) => {
      if ("xaxis.range[0]" in change || "xaxis.range" in change) load(...viewOf(element));
    });
    element.on("plotly_doubleclick", () => show(0, current.figure.bars - 1));
    element.on("plotly_hover", (event) => describe(current, event.xvals?.[0]));
    element.on("plotly_unhover", () => describe(current));
    element.on("plotly_click", (event) => {
      const point = event.points.find((one) => isAt(one, event.event));
      if (point) markTrade(point.customdata);
    });
    element.addEventListener("keydown", onKey);
  };

  // Hovering finds everything at one time; a click must be on the marker itself.
  const isAt = (point, { clientX, clientY }) => {
    if (point.customdata === undefined || point.customdata === null) return false;
    const box = current.element.getBoundingClientRect();
    const x = box.left + point.xaxis._offset + point.xaxis.d2p(point.x);
    const y = box.top + point.yaxis._offset + point.yaxis.d2p(point.y);
    return Math.hypot(clientX - x, clientY - y) <= MARKER_REACH;
  };

  const viewOf = (element) => element.layout.xaxis.range.map((end, i) => end + (i ? -0.5 : 0.5));

  const load = (lo, hi) => {
    const chart = current;
    clearTimeout(chart.timer);
    chart.timer = setTimeout(() => fetchView(chart, lo, hi), LOAD_AFTER_MS);
  };

  const fetchView = async (chart, lo, hi) => {
    chart.request?.abort();
    chart.request = new AbortController();
    const { signal } = chart.request;
    try {
      const answer = await fetch(`${chart.spec.url}?lo=${lo}&hi=${hi}`, { signal });
      if (!answer.ok) throw new Error(await answer.text());
      const figure = await answer.json();
      if (chart !== current || signal.aborted) return;
      chart.figure = figure;
      await paint(chart);
    } catch (error) {
      if (error.name !== "AbortError") tell(error);
    }
  };

  // A request that fails before any answer is a TypeError with the browser's own words.
  const tell = (error) =>
    window.shell.showToast(error instanceof TypeError ? NO_ANSWER : error.message, "error");

  const show = (lo, hi) => {
    clearTimeout(current.timer);
    return fetchView(current, lo, hi);
  };

  const showTrade = (number) => {
    const trade = current?.spec.trades[number - 1];
    if (!trade || trade === current.selected) return;
    const end = trade.exit < 0 ? current.figure.bars - 1 : trade.exit;
    const margin = Math.max(LEAST_MARGIN, TRADE_MARGIN * (end - trade.entry));
    current.selected = trade;
    bringUp(current.element.closest(".chart-box"), (box) => box.top < 0);
    show(Math.max(0, trade.entry - margin), Math.min(current.figure.bars - 1, end + margin));
  };

  const bringUp = (element, isNeeded) => {
    if (isNeeded(element.getBoundingClientRect())) element.scrollIntoView({ block: "start" });
  };

  const markTrade = (number) => {
    current.selected = current.spec.trades[number - 1];
    paint(current);
    const id = String(number);
    window.dash_clientside.set_props("trades-grid", {
      selectedRows: { ids: [id] },
      scrollTo: { rowId: id, rowPosition: "middle" },
    });
  };

  const onKey = (event) => {
    const [lo, hi] = viewOf(event.currentTarget);
    const width = hi - lo;
    const last = current.figure.bars - 1;
    const middle = (lo + hi) / 2;
    const moves = {
      ArrowLeft: () => [lo - width / 5, hi - width / 5],
      ArrowRight: () => [lo + width / 5, hi + width / 5],
      "+": () => [middle - width / 3, middle + width / 3],
      "-": () => [middle - width * 0.75, middle + width * 0.75],
      Home: () => [0, width],
      End: () => [last - width, last],
      Escape: () => [0, last],
    };
    const move = moves[event.key === "=" ? "+" : event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    show(...move());
  };

  // The legend: the values of the candle under the pointer, or of the last one in view.
  const decimals = (value) => (Math.abs(value) >= 1 ? 2 : Math.abs(value) >= 0.01 ? 4 : 6);
  const plain = (value) =>
    value === null || value === undefined
      ? "–"
      : value.toLocaleString("en-US", {
          minimumFractionDigits: decimals(value),
          maximumFractionDigits: decimals(value),
        });
  const whole = (value) => Math.round(value).toLocaleString("en-US");
  const percent = (value) => `${(100 * value).toFixed(2)} %`;
  const FORMATS = { Volume: whole, Drawdown: percent, "Strategy equity": whole, "Buy & Hold": whole };

  const indexAt = (figure, position) => {
    const x = figure.data[0].x;
    const wanted = position ?? Math.min(figure.layout.xaxis.range[1], x[x.length - 1]);
    const guess = Math.round((wanted - x[0]) / figure.step);
    return Math.min(Math.max(guess, 0), x.length - 1);
  };

  const entry = (label, text, colour) => {
    const item = document.createElement("span");
    item.className = "legend-item";
    const name = document.createElement("span");
    name.className = "legend-name";
    name.textContent = label;
    if (colour) name.style.color = token(colour);
    item.append(name, ` ${text}`);
    return item;
  };

  const describe = (chart, position) => {
    const legend = chart?.element.closest(".chart-box")?.querySelector(".chart-legend");
    if (!legend) return;
    const { figure } = chart;
    const [candles, ...others] = figure.data;
    const i = indexAt(figure, position);
    const time = document.createElement("strong");
    time.textContent = figure.labels[i];
    const prices = ["open", "high", "low", "close"].map((key) =>
      entry(key[0].toUpperCase(), plain(candles[key][i]), candles.close[i] >= candles.open[i] ? "--up" : "--down"),
    );
    const lines = others
      .filter((trace) => trace.mode === "lines")
      .map((trace) =>
        entry(trace.name, (FORMATS[trace.name] || plain)(trace.y[i]), trace.line.color || "--muted"),
      );
    legend.replaceChildren(time, ...prices, ...lines);
    const note = chart.element.closest(".chart-box").querySelector(".chart-note");
    const merged = figure.step > 1 ? `each candle is ${figure.step} bars, zoom in for every bar` : "";
    const said = [chart.spec.note, merged].filter(Boolean).join("; ");
    note.textContent = said && `${said[0].toUpperCase()}${said.slice(1)}.`;
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

  const start = async (spec) => {
    const element = await panel();
    current?.request?.abort();
    current = { element, spec, figure: spec.figure, selected: null };
    delete document.getElementById("report").dataset.stale;
    // On a phone the report stands below the form.
    bringUp(element.closest(".report"), (box) => box.top > window.innerHeight);
    await paint(current);
  };

  const draw = (spec) => {
    if (spec) start(spec).catch((error) => window.shell.showToast(error.message, "error"));
    return NOTHING();
  };

  // Rows chosen in the table. What markTrade chooses there comes back too: first as {ids: …},
  // then as the row of the trade that is selected already.
  const select = (rows) => {
    if (Array.isArray(rows) && rows.length) showTrade(Number(rows[0].id));
    return NOTHING();
  };

  document.addEventListener("themechange", () => current?.element.isConnected && paint(current));
  // The library is large: fetch and read it while the user still looks at the form.
  const warming = new MutationObserver(() => {
    const element = document.getElementById("chart");
    if (!element) return;
    warming.disconnect();
    plotly(element.dataset.plotly).catch(() => {});
  });
  warming.observe(document.documentElement, { childList: true, subtree: true });

  window.dash_clientside = Object.assign({}, window.dash_clientside, { chart: { draw, select } });
})();
