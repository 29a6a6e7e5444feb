// Draws the heat map of an optimisation as a table of links: a cell is one combination, its link
// the backtest with these parameters. Arrows move, Enter opens.
(() => {
  const WRITTEN = 14; // columns in which numbers still fit
  const WEAKER = 0.52;
  const ROW = 30; // pixels of a row with numbers
  const HEIGHT = 420; // pixels of a map without
  const DENSE = 40; // more along an axis stand without gaps
  const LABELS = 12; // about so many along an axis

  const { make, called, withParams, drawEach } = window.optimise;

  // The cells as they are drawn: null, or [text, shade, values of the parameters].
  const cellsOf = ({ texts, shades, params, x, y }) => {
    const [words, strength] = [texts.split("|"), shades.split(" ").map(Number)];
    const wide = x.labels.length;
    const readers = params.map(({ words: known, places }) => {
      if (!places) return () => known[0];
      const of = places.by === "cell" ? places.of.split(" ") : places.of;
      const at = { x: (j, i) => i, y: (j) => j, cell: (j, i) => j * wide + i }[places.by];
      return (j, i) => known[of[at(j, i)]];
    });
    return y.labels.map((_label, j) => x.labels.map((_name, i) => {
      const text = words[j * wide + i];
      return text ? [text, strength[j * wide + i], readers.map((read) => read(j, i))] : null;
    }));
  };

  const said = (map, [text, , values]) =>
    `${map.names.map((name, k) => `${called(name)} ${values[k]}`).join(", ")}: ${map.metric} ${text}`;

  const isAt = (place, j, i) => place && place[0] === j && place[1] === i;

  const mark = (map, j, i) => [
    isAt(map.best, j, i) ? "best" : "", isAt(map.plateau, j, i) ? "best with its neighbours" : "",
  ].filter(Boolean).join(", ");

  const cell = (map, j, i, isWritten) => {
    const content = map.cells[j][i];
    const box = make("td", content ? "opt-cell" : "opt-cell is-void");
    if (!content) return box;
    const [text, shade] = content;
    const link = make("a", shade < 0 ? "is-low" : "", isWritten ? text : "");
    const what = mark(map, j, i);
    link.href = withParams(map.address, map.names, content[2]);
    link.tabIndex = -1;
    link.dataset.j = j;
    link.dataset.i = i;
    // Behind a number the colour stays weak enough to read it.
    link.style.setProperty("--shade", `${Math.abs(shade) * (isWritten ? WEAKER : 1)}%`);
    link.setAttribute("aria-label", said(map, content) + (what ? ` (${what})` : ""));
    if (isAt(map.best, j, i)) box.classList.add("is-best");
    if (isAt(map.plateau, j, i)) box.classList.add("is-plateau");
    box.append(link);
    return box;
  };

  // Every so many values are written, so that they do not run into each other.
  const step = (count) => Math.ceil(count / LABELS);

  const line = (map, j, isWritten) => {
    const made = make("tr");
    const { labels } = map.y;
    const name = make("th", "opt-y");
    name.scope = "row";
    name.setAttribute("aria-label", labels[j] || "all");
    if (j % step(labels.length) === 0) name.append(make("span", "", labels[j]));
    made.append(name, ...map.x.labels.map((_, i) => cell(map, j, i, isWritten)));
    return made;
  };

  const foot = (map) => {
    const line = make("tr");
    const corner = make("td", "opt-corner");
    line.append(corner);
    const every = step(map.x.labels.length);
    for (let i = 0; i < map.x.labels.length; i += every) {
      const name = make("th", "opt-x", map.x.labels[i]);
      name.scope = "col";
      name.colSpan = Math.min(every, map.x.labels.length - i);
      // The last one has no room to its right.
      if (i && name.colSpan < every / 2) name.classList.add("is-last");
      line.append(name);
    }
    return line;
  };

  const draw = (place) => {
    const map = JSON.parse(place.dataset.map);
    map.cells = cellsOf(map);
    const columns = map.x.labels.length;
    const isWritten = columns <= WRITTEN && map.y.labels.length <= 30;
    const isDense = Math.max(columns, map.y.labels.length) > DENSE;
    const table = make("table", `opt-grid${isWritten ? " is-written" : ""}${isDense ? " is-dense" : ""}`);
    const over = map.y.name ? `${called(map.x.name)} and ${called(map.y.name)}` : called(map.x.name);
    const body = make("tbody");
    // The first value lies at the bottom, as on any chart.
    for (let j = map.y.labels.length - 1; j >= 0; j -= 1) body.append(line(map, j, isWritten));
    const end = make("tfoot");
    end.append(foot(map));
    table.append(make("caption", "visually-hidden", `${map.metric} by ${over}`), body, end);
    const wide = make("div", "opt-scroll");
    wide.append(table);
    place.map = map;
    const rows = map.y.labels.length;
    const row = isWritten ? ROW : Math.max(4, Math.min(ROW, Math.round(HEIGHT / rows) - (isDense ? 0 : 1)));
    place.style.setProperty("--row", `${row}px`);
    place.style.setProperty("--columns", columns);
    place.replaceChildren(make("div", "opt-y-name", called(map.y.name)), wide, make("div", "opt-x-name", called(map.x.name)));
    const first = place.querySelector(".is-best a") || place.querySelector("a");
    if (first) first.tabIndex = 0;
    tell(place, first);
  };

  const tell = (place, link) => {
    const line = document.getElementById("opt-map-said");
    if (line) line.textContent = link ? link.getAttribute("aria-label") : "";
  };

  const linkAt = (place, j, i) => place.querySelector(`a[data-j="${j}"][data-i="${i}"]`);

  // The next cell that is there in a direction.
  const next = (place, link, up, right) => {
    const { cells } = place.map;
    let [j, i] = [Number(link.dataset.j) + up, Number(link.dataset.i) + right];
    while (j >= 0 && i >= 0 && j < cells.length && i < cells[0].length) {
      const found = linkAt(place, j, i);
      if (found) return found;
      [j, i] = [j + up, i + right];
    }
    return null;
  };

  const STEPS = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] };

  const atEnd = (place, link, isLast) => {
    const line = [...place.querySelectorAll(`a[data-j="${link.dataset.j}"]`)];
    return isLast ? line.at(-1) : line[0];
  };

  const cellOf = (event) => event.target.closest?.(".opt-map td a");

  document.addEventListener("keydown", (event) => {
    const link = cellOf(event);
    if (!link || event.ctrlKey || event.metaKey || event.altKey) return;
    const place = link.closest(".opt-map");
    const to = STEPS[event.key]
      ? next(place, link, ...STEPS[event.key])
      : { Home: atEnd(place, link, false), End: atEnd(place, link, true) }[event.key];
    if (!(event.key in STEPS) && !["Home", "End"].includes(event.key)) return;
    event.preventDefault();
    if (!to) return;
    link.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  });

  for (const name of ["mouseover", "focusin"]) {
    document.addEventListener(name, (event) => {
      const link = cellOf(event);
      if (link) tell(link.closest(".opt-map"), link);
    });
  }

  // Within the program no page is loaded anew; a new tab stays a new tab.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(".opt-map td a, a.opt-open");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    window.dash_clientside.set_props("opt-go", { href: link.getAttribute("href") });
  });

  drawEach("data-map", draw);
})();
