// The list of trades, a page at a time; a row shows its trade on the chart.
(() => {
  const { data, make } = window.report;
  const PAGE = 100;
  const MOST_PRINTED = 2000;
  const titles = [...document.querySelectorAll("#trades thead th")].map((head) => head.textContent);
  const PROFIT = titles.indexOf("Net profit");
  const SIGNED = [PROFIT, titles.indexOf("Return")];
  const body = document.querySelector("#trades tbody");
  const pager = document.getElementById("pager");
  const filters = document.getElementById("filters");
  const KINDS = {
    All: () => true,
    Winners: (row) => row[PROFIT].startsWith("+"),
    Losers: (row) => row[PROFIT].startsWith("\u2212"),
  };
  let kind = "All";
  let page = 0;
  let rows = data.trades;

  const open = (number, row) => {
    body.querySelector("[aria-selected]")?.removeAttribute("aria-selected");
    row.setAttribute("aria-selected", "true");
    window.report.showTrade(number);
    document.querySelector(".chart-panel").scrollIntoView({ block: "nearest" });
  };

  const cell = (text, n) => {
    const made = make("td", { className: data.columns[n] ? "num" : "" });
    if (SIGNED.includes(n)) made.classList.add(text.startsWith("+") ? "up" : "down");
    made.append(n === 0 ? make("button", { type: "button", textContent: text, title: `Show trade ${text} on the chart` }) : text);
    return made;
  };

  const line = (row) => {
    const made = make("tr", {}, ...row.map(cell));
    made.addEventListener("click", () => open(Number(row[0]), made));
    return made;
  };

  const turn = (to, label, possible) =>
    make("button", {
      type: "button",
      textContent: label,
      disabled: !possible,
      onclick: () => {
        page = to;
        draw();
      },
    });

  const draw = (all = false) => {
    const first = all ? 0 : page * PAGE;
    const last = all ? rows.length : Math.min(first + PAGE, rows.length);
    body.replaceChildren(...rows.slice(first, last).map(line));
    if (!rows.length) body.append(make("tr", {}, make("td", { colSpan: data.columns.length, textContent: "No trades." })));
    const said = `${first + 1}–${last} of ${rows.length.toLocaleString("en-US")}`;
    const many = rows.length > PAGE;
    pager.replaceChildren(
      ...(many ? [turn(page - 1, "Previous", page > 0), said, turn(page + 1, "Next", last < rows.length)] : []),
    );
  };

  const choose = (name) => {
    kind = name;
    page = 0;
    rows = data.trades.filter(KINDS[name]);
    for (const button of filters.children) button.setAttribute("aria-pressed", String(button.textContent === kind));
    draw();
  };

  filters.append(
    ...Object.keys(KINDS).map((name) => make("button", { type: "button", textContent: name, onclick: () => choose(name) })),
  );
  choose("All");
  window.addEventListener("beforeprint", () => rows.length <= MOST_PRINTED && draw(true));
  window.addEventListener("afterprint", () => draw());
})();
