// Draws the main chart with Plotly: one redraw a view. Until that comes, what is drawn already is
// moved and stretched, so that a pan or a zoom is seen at once.
(() => {
  const charting = (window.charting ??= {});
  const CONFIG = { displayModeBar: false, scrollZoom: false, responsive: false, doubleClick: false };
  const BELOW = 36; // pixels under the chart: the edge of its panel and of the page
  const TICK_WIDTH = 70; // pixels that a tick's text needs
  const EVENTS = "Events"; // drawn as buttons, so that they can be reached by keyboard

  const fewerTicks = (axis, width) => {
    const each = Math.max(1, Math.ceil((axis.tickvals.length * TICK_WIDTH) / width));
    const kept = (_, i) => i % each === 0;
    return { ...axis, tickvals: axis.tickvals.filter(kept), ticktext: axis.ticktext.filter(kept) };
  };

  // Only markers answer to the pointer: the crosshair and the legend are drawn here.
  const traces = (figure) =>
    figure.data
      .filter((trace) => trace.name !== EVENTS)
      .map((trace) => (trace.hoverinfo === "none" ? { ...trace, hoverinfo: "skip" } : trace));

  // Where nothing follows the chart it takes what is left of the window.
  const height = ({ element, figure }) => {
    if (!element.closest(".chart-page")) return figure.layout.height;
    const top = element.getBoundingClientRect().top + window.scrollY;
    return Math.max(figure.layout.height, Math.floor(window.innerHeight - top - BELOW));
  };

  const layout = (figure, width, height) => ({
    ...figure.layout,
    height,
    xaxis: { ...fewerTicks(figure.layout.xaxis, width), showspikes: false, fixedrange: true },
    width,
    autosize: false,
    dragmode: false,
    hovermode: "closest",
    hoverdistance: 20,
  });

  const paint = async (chart) => {
    const { element, figure } = chart;
    const Plotly = await charting.plotly();
    if (chart !== charting.chart() || !element.isConnected) return;
    chart.width = element.clientWidth;
    const { resolved } = charting;
    await Plotly.react(element, resolved(traces(figure)), resolved(layout(figure, chart.width, height(chart))), CONFIG);
    restore(chart);
    chart.drawn = figure.layout.xaxis.range;
    element.dataset.painted = Number(element.dataset.painted || 0) + 1;
    chart.box.classList.remove("is-loading");
    preview(chart);
    charting.describe(chart);
    document.dispatchEvent(new CustomEvent("chart:painted"));
  };

  // Plotly keeps elements from one drawing to the next, and what was moved of them.
  const restore = (chart) => {
    for (const layer of chart.parts?.layers ?? []) layer.removeAttribute("transform");
    for (const { node } of chart.parts?.ticks ?? []) node.style.opacity = "";
    chart.parts = null;
  };

  const wantedRange = (chart) => [chart.wanted[0] - 0.5, chart.wanted[1] + 0.5];

  // Where things are: pixels from the chart's corner, for the range that is wanted.
  const place = (chart) => {
    const { _size: size } = chart.element._fullLayout;
    const [left, right] = wantedRange(chart);
    const scale = size.w / (right - left);
    return {
      left: size.l,
      top: size.t,
      width: size.w,
      height: size.h,
      xOf: (bar) => size.l + (bar - left) * scale,
      barAt: (x) => left + (x - size.l) / scale,
      barsIn: (pixels) => pixels / scale,
    };
  };

  const paneAt = (chart, y) => panes(chart).find(({ _offset: top, _length: height }) => y >= top && y <= top + height);

  const panes = ({ element }) =>
    Object.entries(element._fullLayout)
      .filter(([name]) => name.startsWith("yaxis"))
      .map(([, axis]) => axis);

  const moving = (chart) => {
    const { element, figure } = chart;
    const all = (selector) => [...element.querySelectorAll(selector)];
    const withTransform = (node, bar) => ({ node, bar, was: node.getAttribute("transform") ?? "" });
    const ticks = (nodes) => nodes.map((node) => withTransform(node, node.__data__?.x));
    return {
      layers: all(".cartesianlayer g[clip-path*=plot] > g"),
      ticks: ticks([...all(".xgrid"), ...all("path.xtick"), ...all(".xtick > text")]),
      shapes: all(".shapelayer path").filter((node) => figure.layout.shapes[node.dataset.index]?.xref === "x"),
    };
  };

  // Maps what is drawn for one range to where it belongs in the wanted one.
  const preview = (chart) => {
    if (!chart.drawn) return;
    const [from, to] = chart.drawn;
    const [left, right] = wantedRange(chart);
    const stretch = (to - from) / (right - left);
    const { _size: size } = chart.element._fullLayout;
    const shift = ((from - left) / (right - left)) * size.w;
    const still = Math.abs(stretch - 1) < 1e-9 && Math.abs(shift) < 1e-6;
    if (still && !chart.parts) return;
    chart.parts ??= moving(chart);
    transform(chart.parts, size, { still, stretch, shift, perBar: size.w / (to - from), from });
    document.dispatchEvent(new CustomEvent("chart:moved"));
  };

  const transform = (parts, size, { still, stretch, shift, perBar, from }) => {
    for (const layer of parts.layers) {
      if (still) layer.removeAttribute("transform");
      else layer.setAttribute("transform", `translate(${shift},0) scale(${stretch},1)`);
    }
    for (const { node, bar, was } of parts.ticks) {
      const before = (bar - from) * perBar;
      const after = before * stretch + shift;
      node.setAttribute("transform", still ? was : `translate(${after - before},0) ${was}`);
      node.style.opacity = after < 0 || after > size.w ? 0 : "";
    }
    for (const shape of parts.shapes) {
      const x = size.l + shift - size.l * stretch;
      if (still) shape.removeAttribute("transform");
      else shape.setAttribute("transform", `translate(${x},0) scale(${stretch},1)`);
    }
  };

  const widths = new ResizeObserver(() => {
    const chart = charting.chart();
    if (!chart?.drawn || !chart.element.isConnected) return;
    if (chart.element.clientWidth && chart.element.clientWidth !== chart.width) paint(chart);
  });

  const attach = (chart) => {
    widths.disconnect();
    widths.observe(chart.element);
    charting.listen(chart);
  };

  Object.assign(charting, { paint, preview, place, panes, paneAt, attach });
})();
