// The toolbar over a chart: what it sets, and what it shows as set.
(() => {
  const charting = (window.charting ??= {});
  const LEGEND_HEIGHT = 34;

  const bar = () => charting.chart()?.box.querySelector(".chart-toolbar");
  const part = (name) => bar()?.querySelector(`[data-chart="${name}"]`);

  const show = () => {
    const chart = charting.chart();
    if (!bar()) return;
    const { style, log, zone } = chart.options;
    part("style").value = style;
    part("log").setAttribute("aria-pressed", String(log));
    for (const button of bar().querySelectorAll("[data-range]")) {
      button.setAttribute("aria-pressed", String(button.dataset.range === chart.range));
    }
    showZone(chart, zone);
  };

  const showZone = ({ figure }, zone) => {
    const select = part("zone");
    const named = [...select.options].some((option) => option.value === zone);
    if (!named) select.add(new Option(zone, zone));
    select.value = zone;
    // Days have no time of day: no clock changes what is shown.
    const dated = figure.zone === "";
    select.disabled = dated;
    select.title = dated ? "Daily and weekly bars carry dates: no time zone applies" : `Times are ${figure.zone ?? ""}`;
    for (const option of select.options) option.text = option.text.replace(/ \(.*\)$/, "");
    const chosen = select.selectedOptions[0];
    if (!dated && figure.zone && chosen && figure.zone !== chosen.text) chosen.text += ` (${figure.zone})`;
  };

  const acts = {
    range: (button) => window.chart.show({ range: button.dataset.range }),
    log: () => window.chart.set({ log: !charting.chart().options.log }),
    measure: () => {
      charting.toggleMeasure();
      charting.chart().element.focus({ preventScroll: true });
    },
    snapshot: () => snapshot().catch((error) => window.shell.showToast(error.message, "error")),
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".chart-box [data-chart]");
    if (button?.tagName === "BUTTON" && charting.chart()) acts[button.dataset.chart]?.(button);
  });

  document.addEventListener("change", (event) => {
    const name = event.target.closest?.(".chart-toolbar select")?.dataset.chart;
    if (name && charting.chart()) window.chart.set({ [name]: event.target.value });
  });

  const clean = (text) => text.replace(/[^A-Za-z0-9.-]+/g, "-").replace(/^-+|-+$/g, "");

  const snapshotName = ({ spec, figure }) => {
    const { from = "", to = "" } = figure.view ?? {};
    const ends = [from, to].map((moment) => clean(moment.replace(/:\d{2}Z$/, "").replaceAll(":", "")));
    return [...(spec.name || "chart").split(" ").map(clean), ...ends].filter(Boolean).join("_");
  };

  const snapshotTitle = (chart) => {
    const legend = [...chart.box.querySelectorAll(".legend-name")].map((name) => name.textContent);
    const lines = legend.filter((name) => name.length > 1 && name !== "Volume").join(" · ");
    const { from = "", to = "" } = chart.figure.view ?? {};
    return `<b>${chart.spec.name || ""}</b>  ${from} to ${to}${lines ? `<br><span>${lines}</span>` : ""}`;
  };

  // The picture is of what is seen, on the page's background, with a line that says what it is.
  const snapshot = async () => {
    const chart = charting.chart();
    const Plotly = await charting.plotly();
    const { data, layout } = chart.element;
    const height = layout.height + LEGEND_HEIGHT;
    const background = charting.token("--surface");
    const title = { text: snapshotTitle(chart), x: 0.01, xanchor: "left", y: 1, yanchor: "top", yref: "container", pad: { t: 8 }, font: { size: 13, color: charting.token("--text") } };
    const picture = {
      data,
      layout: {
        ...layout, height, title, paper_bgcolor: background, plot_bgcolor: background,
        margin: { ...layout.margin, t: layout.margin.t + LEGEND_HEIGHT },
      },
    };
    const size = { format: "png", width: chart.width, height, scale: 2 };
    const link = Object.assign(document.createElement("a"), {
      href: await Plotly.toImage(picture, size),
      download: `${snapshotName(chart)}.png`,
    });
    link.click();
  };

  for (const name of ["chart:options", "chart:painted"]) document.addEventListener(name, show);
  document.addEventListener("chart:measure", ({ detail }) => {
    part("measure")?.setAttribute("aria-pressed", String(detail.on));
  });

  Object.assign(charting, { snapshot, snapshotName });
})();
