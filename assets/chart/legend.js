// The crosshair and the legend: the values of the candle under the pointer, or of the last in view.
(() => {
  const charting = (window.charting ??= {});

  const decimals = (value) => (Math.abs(value) >= 1 ? 2 : Math.abs(value) >= 0.01 ? 4 : 6);
  const missing = (value) => value === null || value === undefined;
  // `like`: a value whose decimals a difference shares.
  const plain = (value, like = value) => {
    if (missing(value)) return "–";
    const digits = decimals(like);
    return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  };
  const signed = (text) => text.replace("-", "−");
  const whole = (value) => (missing(value) ? "–" : Math.round(value).toLocaleString("en-US"));
  const short = (value) =>
    missing(value) ? "–" : value.toLocaleString("en-US", { notation: "compact", maximumFractionDigits: 2 });
  const percent = (value) => (missing(value) ? "–" : signed(`${(100 * value).toFixed(2)} %`));
  const FORMATS = { Volume: short, Drawdown: percent, "Strategy equity": whole, "Buy & Hold": whole };

  const indexAt = (figure, position) => {
    const { x } = figure.data[0];
    const wanted = position ?? Math.min(figure.layout.xaxis.range[1] - 1, x[x.length - 1]);
    const guess = Math.round((wanted - x[0]) / figure.step);
    return Math.min(Math.max(guess, 0), x.length - 1);
  };

  const part = (tag, className, text) => Object.assign(document.createElement(tag), { className, textContent: text });

  const entry = (label, text, colour, textColour) => {
    const item = part("span", "legend-item", "");
    const name = part("span", "legend-name", label);
    if (colour) name.style.color = charting.token(colour);
    const value = part("span", "legend-value", text);
    if (textColour) value.style.color = charting.token(textColour);
    item.append(name, " ", value);
    return item;
  };

  const prices = (price, i) => {
    const { open, high, low, close } = price;
    if (!close) return [];
    const colour = close[i] >= open[i] ? "--up" : "--down";
    const items = [["O", open], ["H", high], ["L", low], ["C", close]].map(([name, values]) =>
      entry(name, plain(values[i]), "", colour),
    );
    const before = close[i - 1];
    if (before) items.push(entry("", change(close[i] - before, before), "", close[i] >= before ? "--up" : "--down"));
    return items;
  };

  const change = (difference, before) => {
    const sign = difference < 0 ? "−" : "+";
    return `${sign}${plain(Math.abs(difference), before)} (${sign}${Math.abs((100 * difference) / before).toFixed(2)} %)`;
  };

  const colourOf = (trace) => (trace.line?.color?.startsWith?.("--") ? trace.line.color : "--muted");

  const describe = (chart, position) => {
    const { figure, box } = chart;
    const legend = box.querySelector(".chart-legend");
    const [price, ...others] = figure.data;
    const i = indexAt(figure, position);
    const items = [part("strong", "legend-time", figure.labels[i]), ...prices(price, i)];
    for (const trace of others.filter((one) => one.mode === "lines")) {
      items.push(entry(trace.name, (FORMATS[trace.name] ?? plain)(trace.y[i]), colourOf(trace)));
    }
    legend.replaceChildren(...items);
    say(chart);
  };

  const say = ({ spec, figure, box }) => {
    const note = box.querySelector(".chart-note");
    const merged = figure.step > 1 ? `each candle is ${figure.step} bars, zoom in for every bar` : "";
    const averaged = figure.style === "heikin_ashi" ? "Heikin-Ashi candles are averages, not prices that were paid" : "";
    const said = [spec.note, merged, averaged].filter(Boolean).join("; ");
    const text = said && `${said[0].toUpperCase()}${said.slice(1)}.`;
    if (note.textContent !== text) note.textContent = text;
  };

  const overlay = (chart, name) => {
    const layer = chart.box.querySelector(".chart-overlay");
    const found = layer.querySelector(`.${name}`);
    if (found) return found;
    layer.append(part("div", name, ""));
    return layer.lastChild;
  };

  const hide = (chart) => {
    for (const name of ["cross-x", "cross-y", "cross-time", "cross-value"]) overlay(chart, name).hidden = true;
  };

  const valueText = (axis, y) => {
    const value = axis.type === "log" ? 10 ** axis.p2l(y) : axis.p2l(y);
    if (axis.tickformat?.endsWith("%")) return percent(value);
    return axis.tickformat ? short(value) : signed(plain(value));
  };

  const put = (chart, name, style, text = "") => {
    const line = overlay(chart, name);
    line.hidden = false;
    Object.assign(line.style, style);
    if (line.textContent !== text) line.textContent = text;
  };

  let waiting = 0;

  // `point` in pixels from the chart's corner, null when the pointer is elsewhere.
  const pointAt = (chart, point) => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => chart.element.isConnected && cross(chart, point));
  };

  const cross = (chart, point) => {
    const area = charting.place(chart);
    const inside = point && point.x >= area.left && point.x <= area.left + area.width;
    chart.pointed = inside ? area.barAt(point.x) : null;
    if (!inside) hide(chart);
    else drawCross(chart, point, area);
    if (chart.pointed === null) describe(chart);
    else describe(chart, chart.pointed);
  };

  const drawCross = (chart, point, area) => {
    const i = indexAt(chart.figure, chart.pointed);
    const x = area.xOf(chart.figure.data[0].x[i]);
    put(chart, "cross-x", { left: `${x}px`, top: `${area.top}px`, height: `${area.height}px` });
    const side = Math.min(Math.max(x, area.left + 60), area.left + area.width - 60);
    put(chart, "cross-time", { left: `${side}px`, top: `${area.top + area.height + 3}px` }, chart.figure.labels[i]);
    const pane = charting.paneAt(chart, point.y);
    if (!pane) {
      overlay(chart, "cross-y").hidden = overlay(chart, "cross-value").hidden = true;
      return;
    }
    put(chart, "cross-y", { top: `${point.y}px`, left: `${area.left}px`, width: `${area.width}px` });
    const right = area.left + area.width;
    put(chart, "cross-value", { top: `${point.y}px`, left: `${right}px` }, valueText(pane, point.y - pane._offset));
  };

  document.addEventListener("chart:moved", () => hide(charting.chart()));

  Object.assign(charting, { describe: (chart) => describe(chart, chart.pointed), pointAt, indexAt, plain, change, overlay });
})();
