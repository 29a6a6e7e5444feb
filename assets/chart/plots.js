// Small charts: an element .plot with a figure in data-figure is drawn when it scrolls into view,
// and again when its figure, its width or the look of the page changes.
(() => {
  const charting = (window.charting ??= {});
  const NEARBY = "200px"; // drawn before it is seen
  const shown = new Set();

  // The data may stand in another plot, whose id is in data-data-of.
  const figureOf = ({ dataset }) => {
    const figure = JSON.parse(dataset.figure);
    const other = dataset.dataOf && document.getElementById(dataset.dataOf);
    return other ? { ...JSON.parse(other.dataset.figure), layout: figure.layout } : figure;
  };

  const draw = (element) => {
    element.dataset.drawn = element.dataset.figure;
    const { figure, enough } = charting.withHeadroom(figureOf(element), element.clientWidth);
    Object.assign(element, { enough, isNarrow: element.clientWidth < enough });
    return charting
      .small(element, figure)
      .then(() => element.classList.add("is-drawn"))
      .catch((error) => window.shell.showToast(error.message, "error"));
  };

  const near = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting && target.dataset.drawn !== target.dataset.figure) draw(target);
      }
    },
    { rootMargin: NEARBY },
  );

  const wide = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      if (!target.data || !contentRect.width) continue;
      // Where there is little room, what stands where depends on the width.
      if (target.isNarrow || contentRect.width < target.enough) draw(target);
      else window.Plotly.Plots.resize(target);
    }
  });

  const look = () => {
    for (const element of shown) {
      if (element.isConnected) continue;
      near.unobserve(element);
      wide.unobserve(element);
      shown.delete(element);
    }
    for (const element of document.querySelectorAll(".plot[data-figure]")) {
      if (shown.has(element)) {
        if (element.dataset.drawn && element.dataset.drawn !== element.dataset.figure) draw(element);
        continue;
      }
      shown.add(element);
      near.observe(element);
      wide.observe(element);
    }
  };

  let waiting = 0;
  new MutationObserver(() => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(look);
  }).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["data-figure"],
  });

  document.addEventListener("chart:look", () => {
    for (const element of shown) if (element.dataset.drawn && element.isConnected) draw(element);
  });
})();
