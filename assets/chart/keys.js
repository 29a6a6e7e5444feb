// The keys of the chart, while it has the focus.
(() => {
  const charting = (window.charting ??= {});

  const moves = (lo, hi, last) => {
    const width = hi - lo;
    const middle = (lo + hi) / 2;
    return {
      ArrowLeft: [lo - width / 5, hi - width / 5],
      ArrowRight: [lo + width / 5, hi + width / 5],
      "+": [middle - width / 3, middle + width / 3],
      "-": [middle - width * 0.75, middle + width * 0.75],
      Home: [0, width],
      End: [last - width, last],
    };
  };

  const acts = {
    "[": () => charting.stepTrade(-1),
    "]": () => charting.stepTrade(1),
    m: () => charting.toggleMeasure(),
  };

  const escape = (chart) => {
    if (charting.leaveMeasure()) return;
    charting.move(0, chart.figure.bars - 1);
  };

  const onKey = (event) => {
    const chart = charting.chart();
    // Letters such as [ need AltGr on some keyboards.
    const free = event.getModifierState("AltGraph") || !(event.ctrlKey || event.metaKey || event.altKey);
    if (!chart?.drawn || !free) return;
    const key = event.key === "=" ? "+" : event.key;
    const move = moves(...chart.wanted, chart.figure.bars - 1)[key];
    if (move) charting.move(...move);
    else if (key === "Escape") escape(chart);
    else if (acts[key]) acts[key]();
    else return;
    event.preventDefault();
  };

  Object.assign(charting, { onKey });
})();
