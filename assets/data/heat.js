// Draws the map of sessions: a year a picture, a week a column, a day a square.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const DAY = 86_400_000;
  const CELL = 10;
  const STEP = 12;
  const TOP = 14;
  const NEWEST = 4; // years that are drawn even when nothing is missing
  const FOLDED = 3; // fewer are not worth folding
  const WORDS = {
    w: "complete", h: "half day, complete", p: "partly there", m: "missing", x: "bars on a day without a session",
  };
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

  const svg = (tag, attributes, text) => {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text) made.textContent = text;
    return made;
  };

  const weekday = (date) => (date.getUTCDay() + 6) % 7;

  // The column of a date: weeks since the Monday on or before the first of January.
  const column = (date) => {
    const start = new Date(Date.UTC(date.getUTCFullYear(), 0, 1));
    return Math.floor((Math.round((date - start) / DAY) + weekday(start)) / 7);
  };

  const days = (map) => {
    let moment = Date.parse(map.first);
    return [...map.status].map((status, i) => {
      if (i) moment += map.steps[i - 1] * DAY;
      return { date: new Date(moment), status, bars: map.present[i] };
    });
  };

  const title = (day, weekly) => {
    const date = day.date.toISOString().slice(0, 10);
    const name = weekly ? `Week of ${date}` : `${DAYS[weekday(day.date)]} ${date}`;
    const bars = day.bars ? `: ${day.bars[0].toLocaleString("en")} of ${day.bars[1].toLocaleString("en")} bars` : "";
    return `${name} · ${WORDS[day.status]}${bars}`;
  };

  const square = (day, weekly) => {
    const row = weekly ? 0 : weekday(day.date);
    const made = svg("rect", {
      x: column(day.date) * STEP, y: TOP + row * STEP, width: CELL, height: CELL, rx: 2,
      class: `heat-cell heat-${day.status}`,
    });
    // A session that lacks much looks emptier than one that lacks a minute.
    if (day.bars) made.style.setProperty("--there", (day.bars[0] / day.bars[1]).toFixed(2));
    made.append(svg("title", {}, title(day, weekly)));
    return made;
  };

  const year = (number, list, weekly) => {
    const bottom = Math.max(...list.map((day) => (weekly ? 0 : weekday(day.date)))) + 1;
    const height = TOP + bottom * STEP;
    const missing = list.filter((day) => day.status === "m").length;
    const part = list.filter((day) => day.status === "p").length;
    const told = [missing && `${missing} missing`, part && `${part} partly there`].filter(Boolean).join(", ") || "complete";
    const picture = svg("svg", {
      viewBox: `0 0 ${54 * STEP} ${height}`, role: "img", "aria-label": `${number}: ${told}`,
    });
    for (let month = 0; month < 12; month += 1) {
      const x = column(new Date(Date.UTC(number, month, 1))) * STEP;
      picture.append(svg("text", { x, y: 9, class: "heat-month" }, MONTHS[month]));
    }
    picture.append(...list.map((day) => square(day, weekly)));
    const box = document.createElement("figure");
    box.className = "heat-year";
    const name = document.createElement("figcaption");
    name.append(Object.assign(document.createElement("b"), { textContent: number }),
      Object.assign(document.createElement("span"), { textContent: told, className: told === "complete" ? "muted" : "down" }));
    box.append(name, picture);
    return box;
  };

  // Older years in which nothing is missing are named; a button draws them too.
  const fold = (place, all, folded, weekly) => {
    const line = document.createElement("p");
    line.className = "heat-folded";
    const numbers = folded.map(([number]) => number);
    const button = Object.assign(document.createElement("button"), {
      type: "button", className: "btn btn-sm btn-outline-secondary", textContent: "Show them",
    });
    button.addEventListener("click", () =>
      place.replaceChildren(...all.map(([number, list]) => year(number, list, weekly))));
    line.append(`${folded.length} older years are complete (${ranges(numbers)}). `, button);
    return line;
  };

  const ranges = (newestFirst) => {
    const runs = [];
    for (const number of [...newestFirst].reverse()) {
      const last = runs.at(-1);
      if (last && last[1] === number - 1) last[1] = number;
      else runs.push([number, number]);
    }
    return runs.map(([from, to]) => (from === to ? from : `${from} to ${to}`)).join(", ");
  };

  const draw = (place) => {
    const map = JSON.parse(place.dataset.heat);
    const years = new Map();
    for (const day of days(map)) {
      const number = day.date.getUTCFullYear();
      if (!years.has(number)) years.set(number, []);
      years.get(number).push(day);
    }
    const weekly = map.resolution === "1w";
    const newest = [...years].reverse();
    const isWhole = ([, list]) => list.every((day) => "wh".includes(day.status));
    const folded = newest.filter((entry, i) => i >= NEWEST && isWhole(entry));
    const few = folded.length < FOLDED;
    const shown = few ? newest : newest.filter((entry) => !folded.includes(entry));
    place.replaceChildren(...shown.map(([number, list]) => year(number, list, weekly)));
    if (!few) place.append(fold(place, newest, folded, weekly));
    place.setAttribute("role", "group");
    place.setAttribute("aria-label", map.label);
  };

  let asked = 0;
  new MutationObserver(() => {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(() => {
      for (const place of document.querySelectorAll("[data-heat]")) {
        if (place.drawn === place.dataset.heat) continue;
        place.drawn = place.dataset.heat;
        draw(place);
      }
    });
  }).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["data-heat"],
  });
})();
