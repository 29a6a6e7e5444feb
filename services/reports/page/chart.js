// The chart of the report: it has the whole run at hand, and after each zoom makes as many candles
// as can be seen.
(() => {
  const { data, make, onTheme, resolved, token } = window.report;
  const { chart } = data;
  const CANDLES_IN_VIEW = 420;
  const MOST_MARKS = 600;
  const LEAST_BARS = 5;
  const DRAW_AFTER_MS = 60;
  const TICK_WIDTH = 80;
  const PRINTED_HEIGHT = 590; // the chart stands on the first sheet
  const DAY = 86400;
  const CONFIG = { displayModeBar: false, scrollZoom: true, responsive: true, doubleClick: false };
  const RANGES = [["1M", 31], ["6M", 183], ["1Y", 366], ["5Y", 1827]];
  const element = document.getElementById("chart");
  const count = chart.time.length;
  let view = { lo: 0, hi: count - 1 };
  let chosen = null;
  let timer = null;
  let shown = null; // {traces, step, starts}

  const sensible = (lo, hi) => {
    if (!(hi - lo >= LEAST_BARS)) [lo, hi] = [(lo + hi - LEAST_BARS) / 2, (lo + hi + LEAST_BARS) / 2];
    return { lo: Math.max(-count, lo), hi: Math.min(2 * count, hi) };
  };

  const buckets = ({ lo, hi }) => {
    const width = hi - lo;
    const step = Math.max(1, Math.ceil(width / CANDLES_IN_VIEW));
    const first = Math.floor(Math.max(0, Math.min(count - 1, lo - width / 2)) / step) * step;
    const stop = Math.min(count, Math.floor(hi + width / 2) + 1);
    const starts = [];
    for (let i = first; i < Math.max(stop, first + 1); i += step) starts.push(i);
    return { step, starts, end: (start) => Math.min(start + step, count) - 1 };
  };

  const JOIN = {
    open: (values, a) => values[a],
    close: (values, a, b) => values[b],
    last: (values, a, b) => values[b],
    high: (values, a, b) => extreme(values, a, b, Math.max),
    low: (values, a, b) => extreme(values, a, b, Math.min),
    sum: (values, a, b) => {
      let total = 0;
      for (let i = a; i <= b; i += 1) total += values[i] ?? 0;
      return total;
    },
  };
  const extreme = (values, a, b, better) => {
    let best = values[a];
    for (let i = a + 1; i <= b; i += 1) best = better(best, values[i]);
    return best;
  };

  const joined = (values, how, { starts, end }) => starts.map((a) => JOIN[how](values, a, end(a)));

  const plain = (value) => value.toLocaleString("en-US", { maximumSignificantDigits: 6 });

  // Fills are exact while they can be told apart; then those of one candle are one mark.
  const marks = (trace, source, { starts, step, end }) => {
    const from = starts[0];
    const to = end(starts[starts.length - 1]);
    const near = source.bar.map((_, i) => i).filter((i) => source.bar[i] >= from && source.bar[i] <= to);
    if (near.length <= MOST_MARKS) {
      return {
        x: near.map((i) => source.bar[i]),
        y: near.map((i) => source.price[i]),
        customdata: near.map((i) => source.number[i]),
        text: near.map(
          (i) => `${trace.name} ${plain(source.price[i])} × ${plain(source.shares[i])}<br>trade ${source.number[i]}`,
        ),
      };
    }
    const groups = new Map();
    for (const i of near) {
      const candle = Math.floor((source.bar[i] - from) / step);
      groups.set(candle, [...(groups.get(candle) || []), i]);
    }
    const list = [...groups];
    return {
      x: list.map(([candle]) => (starts[candle] + end(starts[candle])) / 2),
      y: list.map(([, all]) => all.reduce((sum, i) => sum + source.price[i], 0) / all.length),
      customdata: list.map(([, all]) => (all.length === 1 ? source.number[all[0]] : null)),
      text: list.map(([, all]) => `${all.length} × ${trace.name.toLowerCase()}, zoom in to see each`),
    };
  };

  const filled = (trace, source, cut) => {
    if (source.rule === null) return trace;
    if (source.rule === "marks") return { ...trace, ...marks(trace, source, cut) };
    const x = cut.starts.map((a) => (a + cut.end(a)) / 2);
    if (source.rule !== "candles") return { ...trace, x, y: joined(source.y, source.rule, cut) };
    const prices = ["open", "high", "low", "close"].map((key) => [key, joined(source[key], key, cut)]);
    return { ...trace, x, ...Object.fromEntries(prices) };
  };

  const yRange = (traces, axis) => {
    let low = Infinity;
    let high = -Infinity;
    let rule = "";
    traces.forEach((trace, n) => {
      if ((trace.yaxis || "y") !== axis || !trace.x) return;
      if (chart.sources[n].rule === "sum" || chart.sources[n].rule === "low") rule = chart.sources[n].rule;
      for (const values of trace.type === "candlestick" ? [trace.low, trace.high] : [trace.y]) {
        values.forEach((value, i) => {
          if (value === null || trace.x[i] < view.lo - 0.5 || trace.x[i] > view.hi + 0.5) return;
          low = Math.min(low, value);
          high = Math.max(high, value);
        });
      }
    });
    if (rule === "sum") return [0, high > 0 ? high * 1.05 : 1];
    if (rule === "low") return [Math.min(low * 1.1, -0.01), 0];
    if (low > high) return [0, 1];
    const air = (high - low) * 0.06 || Math.abs(high) * 0.01 || 1;
    return [low - air, high + air];
  };

  // Ticks stand at the first bar of a minute, hour, day, month or year.
  const two = (number) => String(number).padStart(2, "0");
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const clock = (t) => `${two(t.getUTCHours())}:${two(t.getUTCMinutes())}`;
  const dayOf = (t) => `${t.getUTCDate()} ${MONTHS[t.getUTCMonth()]}`;
  const months = (s) => {
    const t = new Date(s * 1000);
    return t.getUTCFullYear() * 12 + t.getUTCMonth();
  };
  const UNITS = [
    ...[60, 300, 900, 1800].map((n) => [(s) => Math.floor(s / n), clock]),
    ...[3600, 14400].map((n) => [(s) => Math.floor(s / n), (t) => `${dayOf(t)} ${clock(t)}`]),
    ...[DAY, 7 * DAY].map((n) => [(s) => Math.floor((s + (n > DAY ? 3 * DAY : 0)) / n), dayOf]),
    ...[1, 3, 6].map((n) => [(s) => Math.floor(months(s) / n), (t) => `${MONTHS[t.getUTCMonth()]} ${t.getUTCFullYear()}`]),
    ...[1, 2, 5, 10, 25].map((n) => [(s) => Math.floor(months(s) / (12 * n)), (t) => String(t.getUTCFullYear())]),
  ].slice(chart.intraday ? 0 : 6);

  const ticks = () => {
    const first = Math.max(0, Math.ceil(view.lo));
    const last = Math.min(count - 1, Math.floor(view.hi));
    const most = Math.max(2, Math.floor(element.clientWidth / TICK_WIDTH));
    for (const [period, words] of UNITS) {
      const places = [];
      for (let i = first + 1; i <= last && places.length <= most; i += 1) {
        if (period(chart.time[i]) !== period(chart.time[i - 1])) places.push(i);
      }
      if (places.length <= most) {
        const at = places.length ? places : [first];
        return [at, at.map((i) => words(new Date(chart.time[i] * 1000)))];
      }
    }
    return [[], []];
  };

  const paint = () => {
    const cut = buckets(view);
    const traces = chart.traces.map((trace, n) => filled(trace, chart.sources[n], cut));
    const [tickvals, ticktext] = ticks();
    const layout = { ...structuredClone(chart.layout), autosize: true };
    if (document.documentElement.dataset.print) {
      layout.width = element.clientWidth;
      layout.height = Math.min(layout.height, PRINTED_HEIGHT);
    }
    layout.xaxis = { ...layout.xaxis, range: [view.lo - 0.5, view.hi + 0.5], tickvals, ticktext };
    for (const key of Object.keys(layout)) {
      if (key.startsWith("yaxis")) layout[key].range = yRange(traces, `y${key.slice(5)}`);
    }
    if (chosen) {
      const [x0, x1] = chart.trades[chosen - 1];
      const line = { width: 1, color: "--accent" };
      const box = { type: "rect", xref: "x", yref: "paper", y0: 0, y1: 1, layer: "below", line };
      layout.shapes = [...(layout.shapes || []), { ...box, x0: x0 - 0.5, x1: x1 + 0.5, fillcolor: "--selection" }];
    }
    shown = { traces, ...cut };
    window.Plotly.react(element, resolved(traces), resolved(layout), CONFIG);
    element.dataset.painted = Number(element.dataset.painted || 0) + 1;
    describe();
  };

  const show = (lo, hi) => {
    clearTimeout(timer);
    view = sensible(lo, hi);
    paint();
  };

  const stamp = (seconds) => {
    const t = new Date(seconds * 1000);
    const day = t.toISOString().slice(0, 10);
    return chart.intraday ? `${day} ${clock(t)} UTC` : day;
  };

  const entry = (label, value, colour) => {
    const name = make("i", { textContent: label });
    if (colour) name.style.color = token(colour);
    return make("span", {}, name, ` ${value}`);
  };

  const inWords = (trace, source, value) => {
    if (value === null || value === undefined) return "–";
    if (source.rule === "low") return `${(100 * value).toFixed(2)} %`;
    return value.toLocaleString("en-US", { maximumFractionDigits: Math.abs(value) < 1000 ? 2 : 0 });
  };

  const describe = (position) => {
    const { starts, step, traces, end } = shown;
    const wanted = position ?? Math.min(view.hi, count - 1);
    const i = Math.min(Math.max(Math.floor((wanted - starts[0]) / step), 0), starts.length - 1);
    const parts = [];
    traces.forEach((trace, n) => {
      const source = chart.sources[n];
      if (source.rule === "candles") {
        const colour = trace.close[i] >= trace.open[i] ? "--up" : "--down";
        for (const key of ["open", "high", "low", "close"]) {
          parts.push(entry(key[0].toUpperCase(), inWords(trace, source, trace[key][i]), colour));
        }
      } else if (source.rule && source.rule !== "marks") {
        parts.push(entry(trace.name, inWords(trace, source, trace.y[i]), trace.line?.color || "--muted"));
      }
    });
    const from = chart.time[starts[i]];
    const to = (chart.ends || chart.time)[end(starts[i])];
    const when = from === to ? stamp(from) : `${stamp(from)} to ${stamp(to)}`;
    const bars = step * chart.step;
    const note = bars > 1 ? [entry("", `each candle is ${bars} bars`)] : [];
    document.getElementById("legend").replaceChildren(make("strong", { textContent: when }), ...parts, ...note);
  };

  const showTrade = (number) => {
    const [first, last] = chart.trades[number - 1];
    const margin = Math.max(20, 0.75 * (last - first));
    chosen = number;
    show(first - margin, last + margin);
  };

  const onKey = (event) => {
    const { lo, hi } = view;
    const width = hi - lo;
    const middle = (lo + hi) / 2;
    const moves = {
      ArrowLeft: () => [lo - width / 5, hi - width / 5],
      ArrowRight: () => [lo + width / 5, hi + width / 5],
      "+": () => [middle - width / 3, middle + width / 3],
      "-": () => [middle - width * 0.75, middle + width * 0.75],
      Home: () => [0, width],
      End: () => [count - 1 - width, count - 1],
      Escape: () => [0, count - 1],
    };
    const move = moves[event.key === "=" ? "+" : event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    show(...move());
  };

  const rangeButtons = () => {
    const last = chart.time[count - 1];
    const useful = RANGES.filter(([, days]) => last - chart.time[0] > days * DAY);
    const back = (days) => chart.time.findIndex((s) => s >= last - days * DAY);
    document.getElementById("ranges").append(
      ...useful.map(([label, days]) =>
        make("button", { type: "button", textContent: label, onclick: () => show(back(days), count - 1) }),
      ),
      make("button", { type: "button", textContent: "All", onclick: () => show(0, count - 1) }),
    );
  };

  paint();
  rangeButtons();
  onTheme(paint);
  element.on("plotly_relayout", (change) => {
    if (!("xaxis.range[0]" in change || "xaxis.range" in change)) return;
    const [lo, hi] = element.layout.xaxis.range;
    clearTimeout(timer);
    timer = setTimeout(() => show(lo + 0.5, hi - 0.5), DRAW_AFTER_MS);
  });
  element.on("plotly_doubleclick", () => show(0, count - 1));
  element.on("plotly_hover", (event) => describe(event.xvals?.[0]));
  element.on("plotly_unhover", () => describe());
  element.addEventListener("keydown", onKey);
  window.report.showTrade = showTrade;
})();
