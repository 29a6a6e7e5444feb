// What in the tabs leads somewhere: a fall of equity to its bars, a point or a name to its trade,
// a scale to its chart, a value of the manifest to the clipboard.
(() => {
  const AIR = 0.08; // of a span, shown before and after it

  const showBars = (text) => {
    const [lo, hi] = text.split(",").map(Number);
    const air = Math.max(5, (hi - lo) * AIR);
    bringUpChart();
    window.chart?.show({ lo: lo - air, hi: hi + air });
  };

  const showTrade = (number) => {
    bringUpChart();
    window.chart?.show({ trade: number });
  };

  const bringUpChart = () => {
    const box = document.querySelector(".chart-box");
    if (box && box.getBoundingClientRect().top < 0) box.scrollIntoView({ block: "start" });
  };

  const showScale = (scale) => {
    for (const button of document.querySelectorAll("[data-to-scale]")) {
      button.setAttribute("aria-pressed", String(button.dataset.toScale === scale));
    }
    for (const chart of document.querySelectorAll("#equity [data-scale]")) {
      chart.hidden = chart.dataset.scale !== scale;
    }
  };

  const copyValue = async (button) => {
    const copied = await window.report.copyText(button.dataset.copy);
    const text = copied ? "Copied." : `This browser does not let a page copy: ${button.dataset.copy}`;
    window.shell.showToast(text, copied ? "success" : "info");
  };

  // A menu closes when something else is chosen, and with Escape.
  const closeMenus = (target) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (target?.closest?.("summary")?.parentElement !== menu) menu.open = false;
    }
  };
  document.addEventListener("click", (event) => closeMenus(event.target));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const within = document.activeElement?.closest("details.menu[open]");
    closeMenus(null);
    within?.querySelector("summary").focus();
  });

  document.addEventListener("click", (event) => {
    const within = (selector) => event.target.closest?.(selector);
    const zoom = within("[data-zoom]");
    const trade = within(".tab-panel [data-trade]");
    const scale = within("[data-to-scale]");
    const copy = within(".copy-value");
    if (zoom) showBars(zoom.dataset.zoom);
    else if (trade) showTrade(Number(trade.dataset.trade));
    else if (scale) showScale(scale.dataset.toScale);
    else if (copy) copyValue(copy);
    else {
      // The library keeps what is under the pointer.
      const point = within(".choosable .plot")?._hoverdata?.find((one) => one.customdata);
      if (point) showTrade(Number([point.customdata].flat()[0]));
    }
  });
})();
