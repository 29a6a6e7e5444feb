// While the first page of a tab is looked at, wakes what other pages draw with: the chart library
// and the tables. Each takes the browser a third of a second when it is first needed.
(() => {
  const AFTER_MS = 400; // the page that was asked for comes first
  const TABLE = { namespace: "dash_ag_grid", type: "AgGrid", props: { columnDefs: [{ field: "a" }], rowData: [{ a: 1 }] } };
  const CANDLES = { type: "candlestick", x: [0, 1], open: [1, 2], high: [2, 3], low: [1, 1], close: [2, 1] };

  const idle = (work) => (window.requestIdleCallback ? requestIdleCallback(work, { timeout: 4000 }) : setTimeout(work));

  const wakeCharts = async () => {
    const Plotly = await window.charting.plotly();
    const place = Object.assign(document.createElement("div"), { hidden: true });
    document.body.append(place);
    await Plotly.newPlot(place, [CANDLES], { width: 200, height: 100 }, { staticPlot: true });
    Plotly.purge(place);
    place.remove();
  };

  const wakeTables = () => {
    if (document.querySelector(".ag-root")) return;
    window.dash_clientside.set_props("warming", { children: TABLE });
    const there = new MutationObserver(() => {
      if (!document.querySelector("#warming .ag-root")) return;
      there.disconnect();
      idle(() => window.dash_clientside.set_props("warming", { children: null }));
    });
    there.observe(document.getElementById("warming"), { childList: true, subtree: true });
  };

  // A server that is gone is told by whatever needs it; nobody waits for this.
  const wake = () => idle(() => {
    wakeTables();
    idle(() => wakeCharts().catch(() => {}));
  });

  const shown = new MutationObserver(() => {
    if (!document.querySelector("#content .page")) return;
    shown.disconnect();
    setTimeout(wake, AFTER_MS);
  });
  shown.observe(document.documentElement, { childList: true, subtree: true });
})();
