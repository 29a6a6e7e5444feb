// Mouse, wheel and touch on the chart: drag or one finger pans, wheel or two fingers zoom, a click
// or tap on a marker chooses its trade, a double one shows everything.
(() => {
  const charting = (window.charting ??= {});
  const DRAG_STARTS = 4; // pixels
  const MARKER_REACH = 24; // pixels from a fill that count as on its marker
  const DOUBLE_MS = 400;
  const LINE_HEIGHT = 16; // of wheels that count lines
  const WHEEL_SPEED = 0.0018;
  const MOST_A_TURN = 160; // pixels of a wheel's event
  const PAN_EVERY_MS = 100;

  let gesture = null; // {chart, pointers, start, kind, at}
  let lastTap = { time: 0, x: 0, y: 0 };

  const within = (chart, event) => {
    const box = chart.element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  const onWheel = (event) => {
    const chart = charting.chart();
    if (!chart?.drawn) return;
    event.preventDefault();
    const unit = event.deltaMode === 1 ? LINE_HEIGHT : 1;
    const area = charting.place(chart);
    const [lo, hi] = chart.wanted;
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const bars = area.barsIn(event.deltaX * unit);
      charting.move(lo + bars, hi + bars);
      return;
    }
    const turn = Math.min(Math.max(event.deltaY * unit, -MOST_A_TURN), MOST_A_TURN);
    zoomAround(area.barAt(within(chart, event).x), Math.exp(turn * WHEEL_SPEED * (event.ctrlKey ? 4 : 1)), lo, hi);
  };

  const zoomAround = (bar, factor, lo, hi) => charting.move(bar - (bar - lo) * factor, bar + (hi - bar) * factor);

  const onDown = (event) => {
    const chart = charting.chart();
    if (!chart?.drawn || event.button) return;
    const point = within(chart, event);
    if (gesture && event.pointerType === "touch") {
      gesture.pointers.set(event.pointerId, point);
      gesture.kind = gesture.pointers.size === 2 ? "pinch" : gesture.kind;
      begin();
      return;
    }
    gesture = { chart, pointers: new Map([[event.pointerId, point]]), kind: "tap", type: event.pointerType };
    begin();
    if (charting.measures(event)) gesture.kind = charting.startMeasure(chart, point) ? "measure" : "tap";
  };

  // What the next movement is counted from.
  const begin = () => {
    gesture.start = { points: new Map(gesture.pointers), wanted: [...gesture.chart.wanted] };
  };

  const onMove = (event) => {
    const chart = charting.chart();
    if (!chart?.drawn) return;
    if (!gesture?.pointers.has(event.pointerId)) {
      if (event.pointerType !== "touch" && chart.element.contains(event.target)) charting.pointAt(chart, within(chart, event));
      return;
    }
    const point = within(chart, event);
    gesture.pointers.set(event.pointerId, point);
    const acts = { tap: mayPan, pan, pinch, measure };
    acts[gesture.kind](point, event.pointerId);
  };

  const measure = (point) => charting.stretchMeasure(gesture.chart, point);

  const mayPan = (point, id) => {
    const from = gesture.start.points.get(id);
    if (Math.abs(point.x - from.x) < DRAG_STARTS) return;
    gesture.kind = "pan";
    gesture.chart.box.classList.add("is-panning");
    charting.pointAt(gesture.chart, null);
    pan(point, id);
  };

  const pan = (point, id) => {
    const { chart, start } = gesture;
    const bars = charting.place(chart).barsIn(start.points.get(id).x - point.x);
    const now = performance.now();
    const rests = now - (gesture.at ?? 0) < PAN_EVERY_MS;
    if (!rests) gesture.at = now;
    charting.move(start.wanted[0] + bars, start.wanted[1] + bars, rests);
  };

  const pinch = () => {
    const { chart, start, pointers } = gesture;
    const [before, after] = [start.points, pointers].map((points) => [...points.values()].map(({ x }) => x));
    if (after.length < 2) return;
    const area = charting.place(chart);
    const width = start.wanted[1] - start.wanted[0] + 1;
    const perPixel = width / area.width;
    const barAt = (x) => start.wanted[0] - 0.5 + (x - area.left) * perPixel;
    const spread = Math.max(Math.abs(before[0] - before[1]), 8) / Math.max(Math.abs(after[0] - after[1]), 8);
    const middle = (after[0] + after[1]) / 2;
    const bar = barAt((before[0] + before[1]) / 2);
    const lo = bar - (middle - area.left) * perPixel * spread + 0.5;
    charting.move(lo, lo + width * spread - 1);
  };

  const onUp = (event) => {
    if (!gesture?.pointers.has(event.pointerId)) return;
    const { chart, kind, type } = gesture;
    const point = within(chart, event);
    gesture.pointers.delete(event.pointerId);
    if (kind === "pinch" && gesture.pointers.size) {
      gesture.kind = "pan";
      begin();
      return;
    }
    gesture = null;
    chart.box.classList.remove("is-panning");
    if (kind === "measure") charting.endMeasure(chart);
    if (kind === "pan" || kind === "pinch") charting.move(...chart.wanted);
    if (kind === "tap" && event.type !== "pointercancel") tap(chart, point, type, event.timeStamp);
  };

  const tap = (chart, point, type, time) => {
    const near = Math.hypot(point.x - lastTap.x, point.y - lastTap.y) < MARKER_REACH;
    if (near && time - lastTap.time < DOUBLE_MS) {
      lastTap = { time: 0, x: 0, y: 0 };
      charting.clearMeasure();
      window.chart.show({ lo: 0, hi: chart.figure.bars - 1 });
      return;
    }
    lastTap = { time, ...point };
    const number = markerAt(chart, point);
    if (number) charting.markTrade(number);
    else if (type === "touch") charting.pointAt(chart, point);
    charting.clearMeasure();
  };

  // The trade whose marker is nearest; one that stands for several has no number.
  const markerAt = (chart, { x, y }) => {
    const area = charting.place(chart);
    const yaxis = chart.element._fullLayout.yaxis;
    let found = { reach: MARKER_REACH, number: null };
    for (const trace of chart.figure.data.filter((one) => one.mode === "markers" && one.customdata)) {
      trace.x.forEach((bar, i) => {
        const reach = Math.hypot(area.xOf(bar) - x, yaxis._offset + yaxis.d2p(trace.y[i]) - y);
        if (trace.customdata[i] && reach <= found.reach) found = { reach, number: trace.customdata[i] };
      });
    }
    return found.number;
  };

  const onLeave = (event) => {
    const chart = charting.chart();
    if (chart?.drawn && event.pointerType !== "touch") charting.pointAt(chart, null);
  };

  const listen = (chart) => {
    gesture = null;
    const { element } = chart;
    if (element.dataset.listens) return;
    element.dataset.listens = "true";
    element.addEventListener("wheel", onWheel, { passive: false });
    element.addEventListener("pointerdown", onDown);
    element.addEventListener("pointerleave", onLeave);
    element.addEventListener("keydown", (event) => charting.onKey(event));
    charting.plotly().then(() => listenToOthers(element));
  };

  // Whoever asks Plotly itself for another range gets the bars of it too.
  const listenToOthers = (element) => {
    const wait = () => {
      if (!element.on) return requestAnimationFrame(wait);
      element.on("plotly_relayout", (change) => {
        if (!("xaxis.range[0]" in change || "xaxis.range" in change)) return;
        const [lo, hi] = element.layout.xaxis.range;
        charting.move(lo + 0.5, hi - 0.5);
      });
    };
    wait();
  };

  addEventListener("pointermove", onMove);
  addEventListener("pointerup", onUp);
  addEventListener("pointercancel", onUp);
  Object.assign(charting, { listen });
})();
