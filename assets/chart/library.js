// What every chart of a page needs: the library, and the colours of the theme that is on.
(() => {
  const LOOK = ["data-bs-theme", "data-palette"];
  const CONFIG = { displayModeBar: false, responsive: false, doubleClick: false, scrollZoom: false };

  let library = null;
  const values = new Map(); // of tokens, in the look that is on

  const load = () =>
    new Promise((resolve, reject) => {
      if (window.Plotly) return resolve(window.Plotly);
      const script = document.createElement("script");
      script.src = document.querySelector("[data-plotly]").dataset.plotly;
      script.async = true;
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => {
        library = null;
        reject(new Error("The chart library could not be loaded: load the page again."));
      };
      document.head.append(script);
    });

  // The library is large: it is asked for once, at once where the page has a chart.
  const plotly = () => (library ??= load());

  const token = (name) => {
    if (!values.has(name)) {
      values.set(name, getComputedStyle(document.documentElement).getPropertyValue(name).trim());
    }
    return values.get(name);
  };

  const resolved = (value) => {
    if (typeof value === "string") return value.startsWith("--") ? token(value) : value;
    if (ArrayBuffer.isView(value)) return value;
    if (Array.isArray(value)) {
      // Numbers and texts of data hold no colours: look at the first that is there.
      const first = value.find((item) => item !== null);
      const plain = typeof first !== "object" && !(typeof first === "string" && first.startsWith("--"));
      return plain ? value : value.map(resolved);
    }
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolved(item)]));
    }
    return value;
  };

  const small = async (element, figure) => {
    const Plotly = await plotly();
    if (!element.isConnected) return;
    const layout = { autosize: true, ...figure.layout };
    await Plotly.react(element, resolved(figure.data), resolved(layout), CONFIG);
  };

  // Themes and palettes change attributes of the document: charts listen for what follows from it.
  new MutationObserver(() => {
    values.clear();
    document.dispatchEvent(new CustomEvent("chart:look"));
  }).observe(document.documentElement, { attributes: true, attributeFilter: LOOK });

  // Read beside the page itself, before the page's own scripts have asked the server what is on it.
  if (/^\/(chart|backtest|runs\/.+)$/.test(window.location.pathname)) plotly().catch(() => {});

  Object.assign((window.charting ??= {}), { plotly, token, resolved, small });
})();
