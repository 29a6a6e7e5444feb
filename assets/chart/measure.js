// The measure tool: a drag says how many bars, how long, and by how much the price changed.
(() => {
  const charting = (window.charting ??= {});
  const MINUTE = 60000;

  let isOn = false;
  let measured = null; // {chart, from: {bar, price}, to: {bar, price}}

  const say = () => {
    const chart = charting.chart();
    chart?.box.classList.toggle("is-measuring", isOn);
    document.dispatchEvent(new CustomEvent("chart:measure", { detail: { on: isOn } }));
  };

  const toggleMeasure = () => {
    isOn = !isOn;
    if (!isOn) clearMeasure();
    say();
  };

  // Escape ends the tool first, and only then the zoom.
  const leaveMeasure = () => {
    const had = isOn || measured !== null;
    isOn = false;
    clearMeasure();
    say();
    return had;
  };

  const measures = (event) => isOn || event.shiftKey;

  // Measuring is of prices, and snaps to candles.
  const at = (chart, { x, y }) => {
    const area = charting.place(chart);
    const axis = chart.element._fullLayout.yaxis;
    const i = charting.indexAt(chart.figure, area.barAt(x));
    const inside = Math.min(Math.max(y - axis._offset, 0), axis._length);
    const value = axis.p2l(inside);
    return { i, bar: chart.figure.data[0].x[i], price: axis.type === "log" ? 10 ** value : value };
  };

  const startMeasure = (chart, point) => {
    const axis = chart.element._fullLayout.yaxis;
    if (point.y < axis._offset || point.y > axis._offset + axis._length) return false;
    const from = at(chart, point);
    measured = { chart, from, to: from, figure: chart.figure };
    return true;
  };

  const stretchMeasure = (chart, point) => {
    if (!measured) return;
    measured.to = at(chart, point);
    draw();
  };

  const endMeasure = () => {
    if (measured && measured.from.bar === measured.to.bar) clearMeasure();
  };

  const clearMeasure = () => {
    if (measured) charting.overlay(measured.chart, "measured").hidden = true;
    measured = null;
  };

  // The labels begin with the time of the first bar of their candle.
  const timeOf = (figure, i) => {
    const found = figure.labels[i]?.match(/^(\d{4}-\d{2}-\d{2})(?: (\d{2}:\d{2}))?/);
    return found ? Date.parse(`${found[1]}T${found[2] ?? "00:00"}Z`) : NaN;
  };

  const spanText = (ms) => {
    const minutes = Math.round(Math.abs(ms) / MINUTE);
    const days = Math.floor(minutes / 1440);
    const parts = [
      [Math.floor(days / 365), "y"],
      [days % 365, "d"],
      [Math.floor((minutes % 1440) / 60), "h"],
      [minutes % 60, "min"],
    ].filter(([count]) => count);
    return parts.slice(0, 2).map(([count, unit]) => `${count} ${unit}`).join(" ");
  };

  const words = ({ figure, from, to }) => {
    const bars = Math.round(to.bar - from.bar);
    const span = timeOf(figure, to.i) - timeOf(figure, from.i);
    const time = Number.isFinite(span) ? spanText(span) : "";
    const count = `${Math.abs(bars).toLocaleString("en-US")} ${Math.abs(bars) === 1 ? "bar" : "bars"}`;
    return [charting.change(to.price - from.price, from.price), [bars < 0 ? `−${count}` : count, time].filter(Boolean).join(" · ")];
  };

  const draw = () => {
    const { chart, from, to } = measured;
    const area = charting.place(chart);
    const axis = chart.element._fullLayout.yaxis;
    const y = ({ price }) => axis._offset + axis.l2p(axis.type === "log" ? Math.log10(price) : price);
    const xs = [from, to].map(({ bar }) => area.xOf(bar));
    const ys = [from, to].map(y);
    const box = charting.overlay(chart, "measured");
    const rises = to.price >= from.price;
    box.hidden = false;
    box.className = `measured ${rises ? "is-rise" : "is-fall"}`;
    Object.assign(box.style, {
      left: `${Math.min(...xs)}px`,
      width: `${Math.abs(xs[1] - xs[0])}px`,
      top: `${Math.min(...ys)}px`,
      height: `${Math.abs(ys[1] - ys[0])}px`,
    });
    const text = document.createElement("div");
    text.className = "measured-text";
    text.setAttribute("role", "status");
    for (const line of words(measured)) text.append(Object.assign(document.createElement("div"), { textContent: line }));
    box.replaceChildren(text);
    keepInside(text, area, Math.min(...xs), Math.abs(xs[1] - xs[0]), rises ? Math.min(...ys) : Math.max(...ys), axis, rises);
  };

  const keepInside = (text, area, left, width, edge, axis, rises) => {
    const half = text.offsetWidth / 2;
    const middle = left + width / 2;
    const shift = Math.min(Math.max(middle, area.left + half + 4), area.left + area.width - half - 4) - middle;
    text.style.setProperty("--shift", `${shift}px`);
    const room = rises ? edge - axis._offset : axis._offset + axis._length - edge;
    text.classList.toggle("is-inside", room < text.offsetHeight + 8);
  };

  document.addEventListener("chart:painted", () => {
    if (measured && measured.chart === charting.chart()) draw();
    else measured = null;
    charting.chart()?.box.classList.toggle("is-measuring", isOn);
  });
  document.addEventListener("chart:moved", () => measured && draw());
  document.addEventListener("chart:drawn", () => {
    isOn = false;
    clearMeasure();
    say();
  });

  Object.assign(charting, {
    measures, toggleMeasure, leaveMeasure, startMeasure, stretchMeasure, endMeasure, clearMeasure,
  });
})();
