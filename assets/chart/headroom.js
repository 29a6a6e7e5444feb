// On a narrow place the titles of a small chart and its legend would stand on each other: the
// titles go above the legend then, and the margin grows by as much.
(() => {
  const ROW = 19; // pixels of a line of the legend
  const OVER = 6; // that a title stands above the last one, whose letters do not fill their line
  const KEY = 45; // of an entry's line or point, with the gaps around it
  const APART = 12; // at least between a title and the legend

  const pen = document.createElement("canvas").getContext("2d");

  const widthOf = (text, size) => {
    pen.font = `${size}px ${window.charting.token("--font")}`;
    return pen.measureText(text).width;
  };

  // As services/charts/report_layout.py writes the title of the topmost pane.
  const isTitle = (note) => note.xref === "paper" && note.yref === "paper" && note.y === 1
    && note.xanchor === "left" && note.yanchor === "bottom" && !note.yshift;

  const isOnTop = ({ showlegend, legend }) =>
    showlegend && legend?.orientation === "h" && legend.y === 1 && legend.yanchor === "bottom";

  const measured = ({ data, layout }) => {
    const entries = data.filter((trace) => trace.name && trace.showlegend !== false)
      .map((trace) => KEY + widthOf(trace.name, layout.legend.font.size));
    const titles = (layout.annotations || []).filter(isTitle).map((note) => widthOf(note.text, note.font.size));
    return { entries, legend: entries.reduce((sum, one) => sum + one, 0), title: Math.max(0, ...titles) };
  };

  // The figure as it is drawn in a place of some width, and the width from which it needs no more
  // room: over the lines of the legend, and over a title that would meet it.
  const withHeadroom = (figure, width) => {
    const { layout } = figure;
    if (!isOnTop(layout)) return { figure, enough: 0 };
    const { entries, legend, title } = measured(figure);
    const room = width - layout.margin.l - layout.margin.r;
    const wanted = legend + (title ? title + APART : 0);
    const enough = wanted + width - room;
    if (wanted <= room) return { figure, enough };
    const columns = Math.max(1, Math.floor(room / Math.max(...entries)));
    const lines = legend > room ? Math.ceil(entries.length / columns) : 1;
    const more = title ? lines * ROW + OVER : (lines - 1) * ROW;
    const raised = {
      ...layout,
      margin: { ...layout.margin, t: layout.margin.t + more },
      annotations: (layout.annotations || []).map((note) => (isTitle(note) ? { ...note, yshift: lines * ROW + OVER } : note)),
    };
    return { figure: { ...figure, layout: raised }, enough };
  };

  Object.assign((window.charting ??= {}), { withHeadroom });
})();
